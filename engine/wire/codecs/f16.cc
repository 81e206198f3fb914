// IEEE 754 half precision, rounded to the nearest, ties to even: the bits of ATen's conversion. After Marat
// Dukhan's FP16 library (MIT licence), whose arithmetic has no branches.
#include <bit>
#include <cmath>
#include <memory>

#include "engine/wire/codecs/halves.hh"

namespace splitwan::engine {
namespace {

constexpr std::uint32_t sign_bit = 0x80000000, half_infinity = 0x7c00, half_nan = 0x7e00;

// Overflows to infinity, then adds a bias that pushes out the bits that a half has no room for: the addition
// rounds. Every NaN becomes the same one, with its sign.
inline std::uint16_t half_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits & sign_bit, twice = bits + bits, exponent = twice & 0xff000000;
  const std::uint32_t bias = exponent < 0x71000000 ? 0x71000000 : exponent;
  const float scaled = std::fabs(value) * 0x1p+112f * 0x1p-110f;
  const auto rounded = std::bit_cast<std::uint32_t>(std::bit_cast<float>((bias >> 1) + 0x07800000) + scaled);
  const std::uint32_t half = ((rounded >> 13) & half_infinity) + (rounded & 0x0fff);
  return static_cast<std::uint16_t>(sign >> 16 | (twice > 0xff000000 ? half_nan : half));
}

// Shifts the bits to where a float has them and multiplies the exponents' difference away; below the normal
// numbers, makes 0.5 + the value and subtracts.
inline float float_of(std::uint16_t half) {
  const std::uint32_t bits = std::uint32_t{half} << 16, twice = bits + bits;
  const float normal = std::bit_cast<float>((twice >> 4) + (0xe0u << 23)) * 0x1p-112f;
  const float small = std::bit_cast<float>(twice >> 17 | 126u << 23) - 0.5f;
  const auto size = std::bit_cast<std::uint32_t>(twice < 1u << 27 ? small : normal);
  return std::bit_cast<float>((bits & sign_bit) | size);
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

class F16 : public Halves {
 public:
  using Halves::Halves;

 private:
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
