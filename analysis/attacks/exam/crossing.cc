#include "analysis/attacks/exam/crossing.hh"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "engine/base/philox.hh"

namespace splitwan::attacks {

at::Tensor round_trip(const at::Tensor& hidden, const engine::Codec& wire) {
  if (wire.label().lossless) return hidden;
  return engine::decode(engine::encode(hidden, wire), wire, static_cast<int>(hidden.size(1)));
}

at::Tensor Crossing::operator()(const at::Tensor& hidden) const {
  return round_trip(engine::defended(hidden, defences, seed), *wire);
}

at::Generator generator_of(std::uint64_t seed, std::uint64_t stream) {
  const auto word = [](std::uint64_t v, int shift) { return static_cast<std::uint32_t>(v >> shift); };
  const auto block = engine::philox(seed, {word(stream, 0), word(stream, 32), 7, 0});
  return at::detail::createCPUGenerator(std::uint64_t{block[0]} << 32 | block[1]);
}

}  // namespace splitwan::attacks
