// What a defence does to activations between the two machines.
#pragma once

#include <ATen/core/Generator.h>

#include "engine/split/codec.hh"

namespace splitwan::attacks {

struct Channel {
  engine::WireType wire = engine::WireType::f32;
  double noise =
      0;  // that the client adds, as a share of each row's root mean square (engine/split/noise.hh)
  std::uint64_t noise_seed = 1;

  at::Tensor operator()(const at::Tensor& hidden) const;  // what the server decodes
};

// decode(encode(x)), as a message carries it.
at::Tensor round_trip(const at::Tensor& hidden, engine::WireType);

// Streams of a seed's random numbers, one per use.
enum Stream : std::uint64_t {
  documents_stream = 1,
  pairs_stream,
  calibration_stream,
  lora_stream,
  permutation_stream,
  learning_stream
};

// One generator per purpose: `stream` keeps those of one seed apart.
at::Generator generator_of(std::uint64_t seed, std::uint64_t stream);

}  // namespace splitwan::attacks
