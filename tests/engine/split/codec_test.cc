// The 16-bit codecs against ATen's conversions, and activations as messages.
#include "engine/split/codec.hh"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;

struct Half {
  const char* name;
  at::ScalarType type;
};
constexpr Half halves[] = {{"f16", at::kHalf}, {"bf16", at::kBFloat16}};

std::vector<std::uint16_t> bits_of(const Bytes& bytes) {
  std::vector<std::uint16_t> bits(bytes.size() / 2);
  std::memcpy(bits.data(), bytes.data(), bytes.size());
  return bits;
}

std::vector<float> decoded(const char* codec, const Bytes& bytes) {
  std::vector<float> values(bytes.size() / 2);
  codec_named(codec).decode(bytes, values.size(), values);
  return values;
}

at::Tensor tensor_of(std::vector<float>& values) {
  return at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, at::kFloat);
}

// What f16 has no finite value for is refused.
void leave_out_overflows(const Half& half, std::vector<float>& values) {
  if (half.type == at::kHalf) std::erase_if(values, [](float v) { return std::abs(v) >= 65520; });
}

// The bits that ATen makes of them, and that ours are the same but for which NaN a NaN is.
void expect_encoded_as_aten_does(const Half& half, std::vector<float> values) {
  leave_out_overflows(half, values);
  const auto ours = bits_of(encode_rows(codec_named(half.name), values, values.size()));
  const at::Tensor theirs = tensor_of(values).to(half.type);
  const auto* expected = static_cast<const std::uint16_t*>(theirs.data_ptr());
  const std::uint16_t infinity = half.type == at::kHalf ? 0x7c00 : 0x7f80;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      ASSERT_GT(ours[i] & 0x7fff, infinity) << half.name;
      ASSERT_GT(expected[i] & 0x7fff, infinity) << half.name;
    } else {
      ASSERT_EQ(ours[i], expected[i]) << half.name << " of " << values[i];
    }
  }
}

std::vector<std::uint16_t> every_pattern() {
  std::vector<std::uint16_t> bits(65536);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  return bits;
}

TEST(HalfCodecs, decode_each_of_65536_patterns_as_aten_does) {
  auto bits = every_pattern();
  Bytes bytes(bits.size() * 2);
  std::memcpy(bytes.data(), bits.data(), bytes.size());
  for (const Half& half : halves) {
    const auto ours = decoded(half.name, bytes);
    const at::Tensor theirs = at::from_blob(bits.data(), {65536}, half.type).to(at::kFloat);
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const float expected = theirs.data_ptr<float>()[i];
      ASSERT_EQ(std::isnan(ours[i]), std::isnan(expected)) << i;
      if (!std::isnan(expected)) {
        ASSERT_EQ(std::bit_cast<std::uint32_t>(ours[i]), std::bit_cast<std::uint32_t>(expected)) << i;
      }
    }
  }
}

TEST(HalfCodecs, give_back_every_value_that_they_can_hold) {
  const auto bits = every_pattern();
  Bytes bytes(bits.size() * 2);
  std::memcpy(bytes.data(), bits.data(), bytes.size());
  for (const Half& half : halves) {
    auto values = decoded(half.name, bytes);
    leave_out_overflows(half, values);
    const Bytes again = encode_rows(codec_named(half.name), values, values.size());
    EXPECT_EQ(values.size(), half.type == at::kHalf ? 65534u : 65536u);  // two infinities
    const auto twice = decoded(half.name, again);
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_TRUE(std::isnan(values[i]) ||
                  std::bit_cast<std::uint32_t>(twice[i]) == std::bit_cast<std::uint32_t>(values[i]))
          << half.name << " " << i;
  }
}

TEST(HalfCodecs, round_between_neighbours_as_aten_does_ties_to_even) {
  const auto bits = every_pattern();
  Bytes bytes(bits.size() * 2);
  std::memcpy(bytes.data(), bits.data(), bytes.size());
  for (const Half& half : halves) {
    std::vector<float> between;
    const auto values = decoded(half.name, bytes);
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
      const auto middle = static_cast<float>((double{values[i]} + values[i + 1]) / 2);
      for (const float direction : {-INFINITY, 0.f, INFINITY})
        between.push_back(direction == 0 ? middle : std::nextafter(middle, direction));
    }
    expect_encoded_as_aten_does(half, between);
  }
}

TEST(HalfCodecs, encode_any_float_as_aten_does) {
  std::mt19937 random(11);
  std::vector<float> values(1 << 20);
  for (float& v : values) v = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
  std::normal_distribution<float> normal(0, 3);
  for (std::size_t i = 0; i < values.size(); i += 2) values[i] = normal(random);
  for (const float v : {0.f, -0.f, INFINITY, -INFINITY, NAN, 65504.f, 65519.99f, 65520.f, 1e-8f, 3.4e38f})
    values.push_back(v);
  for (const Half& half : halves) expect_encoded_as_aten_does(half, values);
}

TEST(HalfCodecs, f16_counts_and_refuses_what_it_cannot_carry) {
  std::vector<float> values(8, 65519.99f);  // rounds to the largest, 65,504
  const auto encode = [&] { encode_rows(codec_named("f16"), values, 4); };
  EXPECT_NO_THROW(encode());
  values[5] = -70000;
  values[7] = INFINITY;
  EXPECT_EQ(
      tests::error_of(encode),
      "activation: 2 of the 4 values of row 1 are beyond 65504, the largest that f16 carries (one is inf): "
      "expected smaller ones, or a wire of bf16 or f32");
  values[7] = 65520;
  EXPECT_THAT(tests::error_of(encode), testing::HasSubstr("2 of the 4 values of row 1"));
  EXPECT_NO_THROW(encode_rows(codec_named("bf16"), values, 4));
}

TEST(HalfCodecs, write_one_nan_for_all) {
  const std::vector<float> nans(40, std::bit_cast<float>(0x7f812345));
  EXPECT_THAT(bits_of(encode_rows(codec_named("f16"), nans, 40)), testing::Each(0x7e00));
  EXPECT_THAT(bits_of(encode_rows(codec_named("bf16"), nans, 40)), testing::Each(0xffff));
}

TEST(Activations, cross_f32_bit_for_bit_and_say_what_they_are) {
  std::vector<float> values = {1.f, -0.f, -1e18f, 1e-38f, 1e-45f, 3.f};
  const at::Tensor x = tensor_of(values).reshape({2, 3});
  const Message m = encode(x, lossless_codec());
  EXPECT_EQ(m.header.dtype, 0);
  EXPECT_EQ(m.header.rows, 2u);
  EXPECT_EQ(m.header.width, 3u);
  const at::Tensor back = decode(m, 3);
  EXPECT_TRUE(back.view(at::kInt).equal(x.view(at::kInt)));
  for (std::vector<float> none : {std::vector<float>{NAN}, {INFINITY}})
    EXPECT_THAT(tests::error_of([&] {
                  decode(encode(tensor_of(none).reshape({1, 1}), lossless_codec()), 1);
                }),
                HasSubstr("expected finite numbers"));
  EXPECT_THAT(tests::error_of([&] { decode(m, codec_named("f16"), 3); }),
              HasSubstr("activation of wire type 0: expected 1, f16"));
}

// Keeps every second value, scaled: a stand-in for a trained codec, whose width on the wire is another.
class Every2nd : public Codec {
 public:
  explicit Every2nd(float scale) : Codec({.name = "every-2nd", .id = 77}), scale_(scale) {}
  std::uint64_t wire_width(std::uint64_t width) const override { return (width + 1) / 2; }
  std::uint64_t row_bytes(std::uint64_t width) const override { return wire_width(width) * sizeof(float); }
  void encode(std::span<const float> values, std::uint64_t width, std::span<std::byte> to) const override {
    std::byte* at = to.data();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i % width % 2 != 0) continue;
      const float value = values[i] * scale_;
      std::memcpy(at, &value, sizeof value);
      at += sizeof value;
    }
  }
  void decode(std::span<const std::byte> from, std::uint64_t width, std::span<float> values) const override {
    const std::byte* at = from.data();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i % width % 2 == 0)
        std::memcpy(&values[i], at, sizeof(float)), at += sizeof(float);
      else
        values[i] = values[i - 1];
    }
  }

 private:
  float scale_;
};

TEST(Activations, of_a_codec_that_carries_weights_may_have_another_width_on_the_wire) {
  const Every2nd codec(2);
  std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const Message m = encode(tensor_of(values).reshape({2, 3}), codec);
  EXPECT_EQ(m.header.width, 2u);
  EXPECT_EQ(m.payload.size(), 2 * codec.row_bytes(3));
  std::vector<float> expected = {2, 2, 6, 8, 8, 12};
  EXPECT_TRUE(at::equal(decode(m, codec, 3), tensor_of(expected).reshape({2, 3})));
  EXPECT_THAT(tests::error_of([&] { decode(m, codec, 5); }), HasSubstr("expected width 3 and 24 bytes"));
  EXPECT_EQ(codec_work(codec, 2, 3).bytes, 2.0 * static_cast<double>(m.payload.size()));
}

}  // namespace
}  // namespace splitwan::engine
