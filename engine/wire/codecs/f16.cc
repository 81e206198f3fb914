// IEEE 754 half precision, rounded to the nearest, ties to even: the bits of ATen's conversion. Each case is
// computed and one chosen, so that the loops have no branches.
#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>

#include "engine/base/error.hh"
#include "engine/wire/codecs/halves.hh"

namespace splitwan::engine {
namespace {

constexpr std::uint32_t float_infinity = 0x7f800000, half_infinity = 0x7c00, half_nan = 0x7e00;
constexpr std::uint32_t least_normal = 0x38800000,
                        least_too_large = 0x47800000;  // 2^-14, 2^16: as floats' bits
constexpr std::uint32_t exponents_apart = 0x38000000;  // (127 - 15) << 23

inline std::uint16_t half_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t size = bits & 0x7fffffff, sign = bits >> 16 & 0x8000;
  // A carry out of the fraction raises the exponent, up to infinity, which all that is too large becomes.
  const std::uint32_t capped = std::min(size, least_too_large);
  const std::uint32_t normal = (capped + 0xfff + (capped >> 13 & 1) - exponents_apart) >> 13;
  // Beside 0.5 a float's last bit is 2^-24, a half's least value: the addition rounds.
  const std::uint32_t small = std::bit_cast<std::uint32_t>(std::bit_cast<float>(size) + 0.5f) - 0x3f000000;
  const std::uint32_t half = size < least_normal ? small : normal;
  return static_cast<std::uint16_t>(sign | (size > float_infinity ? half_nan : half));
}

inline float float_of(std::uint16_t half) {
  const std::uint32_t size = half & 0x7fffu, sign = (half & 0x8000u) << 16;
  const std::uint32_t normal = (size << 13) + exponents_apart * (size >= half_infinity ? 2 : 1);
  const auto small =
      std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(size)) * 0x1p-24f);
  return std::bit_cast<float>(sign | (size < 0x400 ? small : normal));
}

SPLITWAN_WIDE_LOOP void narrow_to_f16(const float* values, std::byte* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t half = half_of(values[i]);
    std::memcpy(to + i * sizeof half, &half, sizeof half);
  }
}

SPLITWAN_WIDE_LOOP void widen_from_f16(const std::byte* from, float* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, from + i * sizeof half, sizeof half);
    values[i] = float_of(half);
  }
}

constexpr float least_overflow = 65520;  // rounds to infinity; the largest half is 65,504

SPLITWAN_WIDE_LOOP std::size_t overflows(const float* values, std::size_t count) {
  std::uint32_t beyond = 0;
  for (std::size_t i = 0; i < count; ++i) beyond += std::abs(values[i]) >= least_overflow ? 1 : 0;
  return beyond;
}

class F16 : public Halves {
 public:
  using Halves::Halves;
  // Throws Error where a value would become infinite: Gemma's rows hold such.
  void encode(std::span<const float> values, std::uint64_t width, std::span<std::byte> to) const override {
    if (overflows(values.data(), values.size()) > 0) refuse(values, width);
    Halves::encode(values, width, to);
  }

 private:
  [[noreturn]] static void refuse(std::span<const float> values, std::uint64_t width) {
    for (std::size_t row = 0;; ++row) {
      const auto here = values.subspan(row * width, width);
      const std::size_t beyond = overflows(here.data(), here.size());
      if (beyond == 0) continue;
      const float largest = *std::ranges::max_element(here, {}, [](float v) { return std::abs(v); });
      throw Error(
          "activation: {} of the {} values of row {} are beyond 65504, the largest that f16 carries (one is "
          "{:g}): "
          "expected smaller ones, or a wire of bf16 or f32",
          beyond, width, row, largest);
    }
  }
  void narrow(const float* values, std::byte* to, std::size_t count) const override {
    narrow_to_f16(values, to, count);
  }
  void widen(const std::byte* from, float* values, std::size_t count) const override {
    widen_from_f16(from, values, count);
  }
};

}  // namespace

std::unique_ptr<Codec> make_f16(const CodecLabel& label) { return std::make_unique<F16>(label); }

}  // namespace splitwan::engine
