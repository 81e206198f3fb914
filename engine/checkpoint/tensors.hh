// Which tensors a model has: whoever loads, writes, draws or trains one loops over these. The only file that
// spells their names is tensors.cc.
#pragma once

#include "engine/checkpoint/model_config.hh"

namespace splitwan::engine {

enum class Role {
  embedding,
  attention_norm,
  q,
  k,
  v,
  q_bias,
  k_bias,
  v_bias,
  out,
  ffn_norm,
  gate,
  up,
  down,
  final_norm,
  head
};

struct TensorSpec {
  std::string name;                 // Hugging Face's
  std::vector<std::int64_t> shape;  // matrices: [outputs, inputs]
  Role role;
  int layer = -1;  // -1: of no layer
};

// In the order in which a step reads them; what is multiplied by the same input (q, k, v; gate, up) lies side
// by side. A tied model has no head of its own.
std::vector<TensorSpec> tensors_of(const ModelConfig&);

// The one with that role. A tied model's head is its embedding.
TensorSpec tensor_of(const ModelConfig&, Role, int layer = -1);

bool is_norm(Role);

}  // namespace splitwan::engine
