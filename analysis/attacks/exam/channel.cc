#include "analysis/attacks/exam/channel.hh"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "engine/base/philox.hh"
#include "engine/split/noise.hh"

namespace splitwan::attacks {

at::Tensor round_trip(const at::Tensor& hidden, engine::WireType wire) {
  if (wire == engine::WireType::f32) return hidden;
  engine::Message m;
  m.header.dtype = static_cast<std::uint8_t>(wire);
  m.header.rows = static_cast<std::uint32_t>(hidden.size(0));
  m.header.width = static_cast<std::uint32_t>(hidden.size(1));
  m.payload = engine::encode(hidden, wire);
  return engine::decode(m, static_cast<int>(hidden.size(1)));
}

at::Tensor Channel::operator()(const at::Tensor& hidden) const {
  return round_trip(engine::with_noise(hidden, noise, noise_seed), wire);
}

at::Generator generator_of(std::uint64_t seed, std::uint64_t stream) {
  const auto word = [](std::uint64_t v, int shift) { return static_cast<std::uint32_t>(v >> shift); };
  const auto block = engine::philox(seed, {word(stream, 0), word(stream, 32), 7, 0});
  return at::detail::createCPUGenerator(std::uint64_t{block[0]} << 32 | block[1]);
}

}  // namespace splitwan::attacks
