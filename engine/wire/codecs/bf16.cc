// The upper half of a float, rounded to the nearest, ties to even: the bits of ATen's conversion.
#include <bit>
#include <memory>

#include "engine/wire/codecs/halves.hh"

namespace splitwan::engine {
namespace {

// The NaN of ATen's vector loops: all ones. (Its scalar one writes 0x7fc0: a NaN either way.)
constexpr std::uint32_t brain_nan = 0xffff, float_infinity = 0x7f800000;

inline std::uint16_t brain_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return static_cast<std::uint16_t>((bits & 0x7fffffff) > float_infinity ? brain_nan : rounded);
}

SPLITWAN_WIDE_LOOP void narrow_to_bf16(const float* values, std::byte* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t brain = brain_of(values[i]);
    std::memcpy(to + i * sizeof brain, &brain, sizeof brain);
  }
}

SPLITWAN_WIDE_LOOP void widen_from_bf16(const std::byte* from, float* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t brain = 0;
    std::memcpy(&brain, from + i * sizeof brain, sizeof brain);
    values[i] = std::bit_cast<float>(std::uint32_t{brain} << 16);
  }
}

class Bf16 : public Halves {
 public:
  using Halves::Halves;

 private:
  void narrow(const float* values, std::byte* to, std::size_t count) const override {
    narrow_to_bf16(values, to, count);
  }
  void widen(const std::byte* from, float* values, std::size_t count) const override {
    widen_from_bf16(from, values, count);
  }
};

}  // namespace

std::unique_ptr<Codec> make_bf16(const CodecLabel& label) { return std::make_unique<Bf16>(label); }

}  // namespace splitwan::engine
