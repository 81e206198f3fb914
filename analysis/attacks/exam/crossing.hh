// What a defence does to activations between the two machines.
#pragma once

#include <ATen/core/Generator.h>

#include "engine/split/codec.hh"

namespace splitwan::attacks {

struct Crossing {
  const engine::Codec* wire = &engine::lossless_codec();
  engine::Defences defences;
  std::uint64_t seed = 1;  // of the defences

  at::Tensor operator()(const at::Tensor& hidden) const;  // what the server decodes
};

// decode(encode(x)), as a message carries it.
at::Tensor round_trip(const at::Tensor& hidden, const engine::Codec&);

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
