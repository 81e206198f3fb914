// A layer's tensors in the checkpoint, as products take them together.
#pragma once

#include <array>

#include "engine/checkpoint/checkpoint.hh"

namespace splitwan::engine {

struct LayerTensors {
  const TensorView *attention_norm, *ffn_norm;
  std::array<const TensorView*, 3> qkv;
  std::vector<const TensorView*> qkv_bias;  // three, or none
  std::array<const TensorView*, 2> gate_up;
  std::array<const TensorView*, 1> out, down;
};
LayerTensors layer_tensors(Checkpoint&, int layer);

}  // namespace splitwan::engine
