// Activations as small whole numbers, and every codec's exact size.
#include "engine/wire/codecs.hh"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of;

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<float> there_and_back(const std::vector<float>& values, std::uint64_t width, const char* type) {
  const Codec& codec = codec_named(type);
  std::vector<float> back(values.size());
  codec.decode(encode_rows(codec, values, width), width, back);
  return back;
}

float scale_of(const Bytes& row) {
  float scale = 0;
  std::memcpy(&scale, row.data(), sizeof scale);
  return scale;
}

std::vector<float> spread(std::size_t count, float size) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, size);
  std::vector<float> values(count);
  for (float& v : values) v = normal(random);
  return values;
}

TEST(RowCodec, errs_by_half_a_scale_at_most_at_any_magnitude_and_width) {
  for (const auto& [type, levels] : {std::pair{"int8", 127}, {"int4", 7}}) {
    for (const float size : {1e-44f, 1e-30f, 1.f, 3e30f}) {
      for (const std::uint64_t width : {1, 2, 7, 128, 301}) {
        const auto values = spread(width, size);
        const auto back = there_and_back(values, width, type);
        float largest = 0;
        for (const float v : values) largest = std::max(largest, std::abs(v));
        const float scale = std::max(largest / levels, std::numeric_limits<float>::min());
        for (std::size_t i = 0; i < width; ++i)
          ASSERT_LE(std::abs(back[i] - values[i]), scale * 0.50001f) << type << " " << size;
      }
    }
  }
}

TEST(RowCodec, keeps_the_largest_value_zeros_and_signs) {
  const auto back = there_and_back({-12.7f, 0.f, 12.7f, 0.1f}, 4, "int8");
  EXPECT_FLOAT_EQ(back[0], -12.7f);
  EXPECT_EQ(back[1], 0.f);
  EXPECT_FLOAT_EQ(back[2], 12.7f);
  EXPECT_EQ(there_and_back({0, 0, 0}, 3, "int4"), (std::vector<float>{0, 0, 0}));
}

TEST(RowCodec, rounds_ties_to_even) {
  // The scale is 1: the largest value equals the number of levels.
  EXPECT_EQ(there_and_back({127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f}, 6, "int8"),
            (std::vector<float>{127, 0, 2, 2, 0, -2}));
  EXPECT_EQ(there_and_back({-7, 0.5f, 1.5f, 2.5f, -3.5f}, 5, "int4"), (std::vector<float>{-7, 0, 2, 2, -4}));
}

TEST(RowCodec, a_row_has_its_own_scale_and_its_own_bytes) {
  const auto small = spread(33, 1e-3f), large = spread(33, 1e3f);
  std::vector<float> both = small;
  both.insert(both.end(), large.begin(), large.end());
  for (const auto* type : {"int8", "int4"}) {
    Bytes apart = encode_rows(codec_named(type), small, 33);
    const Bytes second = encode_rows(codec_named(type), large, 33);
    apart.insert(apart.end(), second.begin(), second.end());
    EXPECT_EQ(encode_rows(codec_named(type), both, 33), apart);
  }
}

TEST(RowCodec, int4_puts_the_earlier_value_into_the_low_half_of_a_byte) {
  const Bytes bytes = encode_rows(codec_named("int4"), std::vector<float>{7, -1, 3}, 3);
  ASSERT_EQ(bytes.size(), 6u);
  EXPECT_EQ(scale_of(bytes), 1.f);
  EXPECT_EQ(bytes[4], std::byte{0xf7});
  EXPECT_EQ(bytes[5], std::byte{0x03});
}

TEST(RowCodec, sizes_are_exactly_as_stated) {
  for (const std::uint64_t width : {1, 5, 128}) {
    EXPECT_EQ(3 * row_bytes("f32", width), 12 * width);
    EXPECT_EQ(3 * row_bytes("f16", width), 6 * width);
    EXPECT_EQ(3 * row_bytes("bf16", width), 6 * width);
    for (const auto* type : {"int8", "int4"}) {
      const std::vector<float> rows(3 * width, 1.f);
      EXPECT_EQ(encode_rows(codec_named(type), rows, width).size(), 3 * row_bytes(type, width));
    }
  }
  EXPECT_EQ(2 * row_bytes("int8", 5), 18u);
  EXPECT_EQ(2 * row_bytes("int4", 5), 14u);
}

TEST(RowCodec, what_is_not_finite_is_named_with_its_place) {
  std::vector<float> values(8, 1.f);
  values[6] = std::nanf("");
  EXPECT_THAT(error_of([&] { encode_rows(codec_named("int8"), values, 4); }),
              HasSubstr("row 1, column 2 is NaN: int8 carries finite values only"));
  values[6] = -infinity;
  EXPECT_THAT(error_of([&] { encode_rows(codec_named("int4"), values, 4); }),
              HasSubstr("row 1, column 2 is infinite: int4"));
}

TEST(RowCodec, a_damaged_row_is_refused) {
  const std::vector<float> values = {7, 1, 2};
  std::vector<float> back(3);
  const auto refusal = [&](const char* type, std::size_t at, int byte) {
    Bytes bytes = encode_rows(codec_named(type), values, 3);
    bytes[at] = std::byte(byte);
    return error_of([&] { codec_named(type).decode(bytes, 3, back); });
  };
  EXPECT_THAT(refusal("int8", 5, 0x80), HasSubstr("row 0 holds -128: expected int8 numbers of at most 127"));
  EXPECT_THAT(refusal("int4", 4, 0x08), HasSubstr("row 0 holds -8"));
  EXPECT_THAT(refusal("int4", 5, 0x12), HasSubstr("bits behind its last value"));
  for (const float scale : {0.f, -1.f, infinity, std::nanf("")}) {
    Bytes bytes = encode_rows(codec_named("int8"), values, 3);
    std::memcpy(bytes.data(), &scale, sizeof scale);
    EXPECT_THAT(error_of([&] { codec_named("int8").decode(bytes, 3, back); }),
                HasSubstr("row 0 has a scale of"));
  }
}

TEST(Codecs, are_found_by_their_names_and_by_their_numbers) {
  std::vector<std::pair<std::string, int>> known;
  for (const Codec* codec : codecs()) {
    EXPECT_EQ(&codec_named(std::string(codec->name())), codec);
    EXPECT_EQ(&codec_numbered(codec->label().id), codec) << "two codecs have one number";
    known.emplace_back(codec->name(), codec->label().id);
  }
  // What older peers know them by.
  EXPECT_THAT(
      known, testing::IsSupersetOf({std::pair{"f32", 0}, {"f16", 1}, {"int8", 2}, {"int4", 3}, {"bf16", 4}}));
  EXPECT_TRUE(lossless_codec().label().lossless);
  EXPECT_EQ(error_of([] { codec_numbered(200); }), "activation of unknown wire type 200");
  EXPECT_EQ(error_of([] { codec_named("f8"); }), "wire 'f8': expected f32, f16, bf16, int8 or int4");
}

}  // namespace
}  // namespace splitwan::engine
