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
  qkv,  // the three of them as one tensor
  q_norm,
  k_norm,
  out,
  out_bias,
  after_attention_norm,
  ffn_norm,
  gate,
  up,
  gate_bias,
  up_bias,
  gate_up,
  down,
  down_bias,
  after_ffn_norm,
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

// Whether a tensor of that name is a layer's weight: who does not read it computes something else.
bool is_of_a_layer(const std::string& plain_name);

// A tensor's name without what folders put around a model that stands beside an image encoder.
std::string plain_name(const std::string& name);

}  // namespace splitwan::engine
