// Safetensors files that are cut off, damaged or hostile.
#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <random>

#include "engine/checkpoint/safetensors.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/safetensors_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using tests::error_of;
using tests::TemporaryFolder;

// What opening such a file says, without the file's name.
std::string error_in(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder / "m.safetensors";
  std::ofstream(path, std::ios::binary) << bytes;
  const std::string error = error_of([&] { SafetensorsFile file(path); });
  if (error.empty()) return "";
  EXPECT_THAT(error, testing::StartsWith(path + ": "));
  EXPECT_THAT(error, testing::Not(AnyOf(HasSubstr("json.exception"), HasSubstr("\n"))));
  return error.substr(path.size() + 2);
}

// One tensor 'w' of 16 bytes of data, its entry as given.
std::string error_in_entry(const std::string& entry) {
  return error_in(file_of(R"({"w":)" + entry + "}", 16));
}

TEST(DamagedSafetensors, truncated_anywhere_is_refused) {
  const TemporaryFolder folder;
  write_safetensors(folder / "m", some_tensors());
  const std::string whole = read_bytes(folder / "m");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(error_in(whole.substr(0, size)), HasSubstr("truncated")) << size;
  }
  EXPECT_EQ(error_in(whole), "");
}

TEST(DamagedSafetensors, a_header_over_the_cap_is_refused) {
  std::string bytes = file_of("{}", 0);
  for (const std::uint64_t size : {std::uint64_t{100'000'001}, ~std::uint64_t{0}, std::uint64_t{3}}) {
    std::memcpy(bytes.data(), &size, 8);
    EXPECT_THAT(error_in(bytes), HasSubstr(fmt::format("header of {} bytes in a file of 10", size)));
  }
}

TEST(DamagedSafetensors, a_header_that_is_no_json_object_is_refused) {
  for (const char* header : {"", "hello", "[1]", "{\"a\":", "3", "\xff\xfe"}) {
    EXPECT_EQ(error_in(file_of(header, 8)), "the header is not a JSON object") << header;
  }
  EXPECT_EQ(error_in(file_of("{}   ", 0)), "");
}

TEST(DamagedSafetensors, sizes_and_shapes_must_agree) {
  EXPECT_EQ(error_in_entry(R"({"dtype":"F32","shape":[2,2],"data_offsets":[0,16]})"), "");
  EXPECT_EQ(error_in_entry(R"({"dtype":"F32","shape":[2,3],"data_offsets":[0,16]})"),
            "tensor 'w': shape [2,3] as F32 needs 24 bytes, found 16");
  EXPECT_THAT(error_in_entry(R"({"dtype":"F16","shape":[2,2],"data_offsets":[0,16]})"),
              HasSubstr("needs 8 bytes"));
}

TEST(DamagedSafetensors, offsets_must_lie_in_the_file) {
  EXPECT_THAT(error_in_entry(R"({"dtype":"F32","shape":[4],"data_offsets":[4,20]})"),
              AllOf(HasSubstr("'w' lies outside the file"), HasSubstr("[4,20]"), HasSubstr("16 bytes")));
  EXPECT_THAT(error_in_entry(R"({"dtype":"F32","shape":[4],"data_offsets":[16,0]})"), HasSubstr("outside"));
  EXPECT_THAT(error_in_entry(R"({"dtype":"F32","shape":[4],"data_offsets":[0,18446744073709551615]})"),
              HasSubstr("outside"));
  EXPECT_THAT(error_in_entry(R"({"dtype":"F32","shape":[4],"data_offsets":[16]})"), HasSubstr("outside"));
}

TEST(DamagedSafetensors, tensors_must_not_overlap) {
  const std::string header =
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})";
  EXPECT_EQ(error_in(file_of(header, 12)), "tensors 'a' and 'b' overlap");
}

TEST(DamagedSafetensors, every_byte_is_one_tensors) {
  const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  EXPECT_EQ(error_in(file_of("{" + a + "}", 12)), "the last 4 bytes are no tensor's");
  EXPECT_EQ(error_in(file_of("{" + a + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})", 16)),
            "4 bytes before tensor 'b' are no tensor's");
}

TEST(DamagedSafetensors, dtypes_that_nobody_computes_with_are_checked_for_their_size) {
  EXPECT_EQ(error_in_entry(R"({"dtype":"F8_E4M3","shape":[16],"data_offsets":[0,16]})"), "");
  EXPECT_EQ(error_in_entry(R"({"dtype":"I64","shape":[1],"data_offsets":[0,16]})"),
            "tensor 'w': shape [1] as I64 needs 8 bytes, found 16");
}

TEST(DamagedSafetensors, shapes_that_overflow_are_refused) {
  EXPECT_THAT(error_in_entry(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]})"),
              HasSubstr("'w': extent 4611686018427387904"));
  EXPECT_THAT(
      error_in_entry(R"({"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,16]})"),
      HasSubstr("needs 4835703278458516698824704 bytes"));
  EXPECT_EQ(error_in_entry(R"({"dtype":"F32","shape":[1099511627776,1099511627776,0],"data_offsets":[0,0]})"),
            "the last 16 bytes are no tensor's");
}

TEST(DamagedSafetensors, malformed_entries_are_named) {
  for (const char* entry :
       {"3", "{}", R"({"dtype":1,"shape":[4],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":4,"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[-4],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[4.5],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":"all"})", R"({"dtype":"F32","shape":[4]})"}) {
    EXPECT_THAT(error_in_entry(entry), HasSubstr("tensor 'w': expected a dtype, a shape and data_offsets"))
        << entry;
  }
}

TEST(DamagedSafetensors, a_damaged_file_loads_or_is_refused_but_never_crashes) {
  const TemporaryFolder folder;
  const std::string path = folder / "m";
  write_safetensors(path, some_tensors());
  const std::string whole = read_bytes(path);
  std::mt19937 random(5);
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = whole;
    for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
      char& byte = bytes[random() % bytes.size()];
      byte = random() % 2 ? static_cast<char>(byte ^ (1 << random() % 8)) : static_cast<char>(random());
    }
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    try {
      const SafetensorsFile file(path);
      for (const TensorView& t : file.tensors()) {
        volatile unsigned sum = 0;  // every byte is mapped
        for (const std::byte b : t.data) sum = sum + std::to_integer<unsigned>(b);
        ASSERT_EQ(t.data.size(), t.elements() * size_of(t.dtype));
      }
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_LT(refused, 4000);
}

}  // namespace
}  // namespace splitwan::engine
