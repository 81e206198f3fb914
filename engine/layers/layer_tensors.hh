// A layer's tensors in the checkpoint, as products take them together.
#pragma once

#include <optional>

#include "engine/checkpoint/checkpoint.hh"

namespace splitwan::engine {

struct LayerTensors {
  // None where the family has none.
  std::optional<TensorView> attention_norm, ffn_norm, after_attention, after_ffn, q_norm, k_norm;
  std::vector<TensorView> qkv, gate_up;  // matrices [outputs, inputs]: three and two, or one of all
  std::vector<TensorView> out, down;     // one
  std::vector<TensorView> qkv_bias, out_bias, gate_up_bias, down_bias;  // as many as matrices, or none
};
LayerTensors layer_tensors(Checkpoint&, int layer);

}  // namespace splitwan::engine
