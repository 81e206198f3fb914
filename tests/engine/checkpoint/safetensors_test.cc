#include "engine/checkpoint/safetensors.hh"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <span>

#include "engine/base/json.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/safetensors_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of;
using tests::TemporaryFolder;

TEST(Safetensors, reads_what_it_wrote) {
  const TemporaryFolder folder;
  const auto written = some_tensors();
  write_safetensors(folder / "m", written);
  const SafetensorsFile file(folder / "m");
  ASSERT_EQ(file.tensors().size(), written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    const TensorView& got = file.tensors()[i];
    EXPECT_EQ(got.name, written[i].name);
    EXPECT_EQ(got.dtype, written[i].dtype);
    EXPECT_EQ(got.shape, written[i].shape);
    EXPECT_TRUE(std::ranges::equal(got.data, written[i].data)) << got.name;
  }
  EXPECT_EQ(file.tensors()[0].elements(), 6);
  EXPECT_EQ(file.tensors()[3].elements(), 1);
  EXPECT_EQ(file.tensors()[4].elements(), 0);
}

TEST(Safetensors, file_is_as_the_format_says) {
  const TemporaryFolder folder;
  write_safetensors(folder / "m", std::vector{some_tensors()[1]});
  const std::string bytes = read_bytes(folder / "m");
  std::uint64_t size;
  std::memcpy(&size, bytes.data(), 8);
  EXPECT_EQ(size % 8, 0u);
  const Json header = Json::parse(bytes.substr(8, size));
  EXPECT_EQ(header["b"], (Json{{"dtype", "F16"}, {"shape", {2}}, {"data_offsets", {0, 4}}}));
  EXPECT_EQ(bytes.substr(8 + size), std::string("\x00\x3c\x00\xbc", 4));
}

TEST(Safetensors, views_outlive_a_move_of_the_file) {
  const TemporaryFolder folder;
  write_safetensors(folder / "m", some_tensors());
  SafetensorsFile first(folder / "m");
  const auto view = first.tensors()[0];
  const SafetensorsFile second(std::move(first));
  EXPECT_EQ(second.tensors()[0].data.data(), view.data.data());
  EXPECT_TRUE(std::ranges::equal(view.data, std::as_bytes(std::span(numbers))));
}

TEST(Safetensors, views_map_the_file_and_need_not_be_in_its_order) {
  const TemporaryFolder folder;
  const std::string header =
      R"({"z":{"dtype":"F16","shape":[1],"data_offsets":[4,6]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
      R"("e":{"dtype":"F16","shape":[0],"data_offsets":[0,0]},"f":{"dtype":"F16","shape":[0],"data_offsets":[4,4]}})";
  std::ofstream(folder / "m", std::ios::binary) << file_of(header, 6);
  const SafetensorsFile file(folder / "m");
  EXPECT_EQ(file.tensors()[0].data.data() - file.tensors()[1].data.data(), 4);
}

TEST(Safetensors, absent_and_unwritable_files_are_named) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { SafetensorsFile(folder / "no"); }), HasSubstr(folder / "no: cannot be opened"));
  EXPECT_THAT(error_of([&] { SafetensorsFile(folder.string()); }), HasSubstr("cannot be opened"));
  EXPECT_THAT(error_of([&] { write_safetensors(folder / "no/m", some_tensors()); }),
              HasSubstr("cannot be written"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.string()));
}

}  // namespace
}  // namespace splitwan::engine
