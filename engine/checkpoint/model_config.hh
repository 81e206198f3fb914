// A Llama/Mistral-family architecture as its config.json states it. No torch.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/layer_weights.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

// What sets a family's arithmetic apart from Llama's, as data of its row in the table of architectures.
struct Traits {
  bool qkv_bias = false;  // q, k and v add one; the output's projection does not
  bool operator==(const Traits&) const = default;
};

struct ModelConfig {
  int layers = 0, width = 0, heads = 0, kv_heads = 0, head_dim = 0, ffn = 0;
  int vocabulary = 0;
  int context = 0;         // max_position_embeddings
  int sliding_window = 0;  // 0 = every position is seen
  double rms_eps = 1e-5;
  double rope_theta = 10000;
  bool tied = false;  // the head is the embedding's transpose
  Token bos = -1;     // -1 = none
  std::vector<Token> eos;
  Traits traits = {};

  int q_width() const { return heads * head_dim; }
  int kv_width() const { return kv_heads * head_dim; }
  bool operator==(const ModelConfig&) const = default;
};

// Throws Error naming the file and key for an unknown architecture, a missing or impossible value, and for
// any key that changes the arithmetic and is not implemented (rope_scaling, attention_bias, hidden_act, ...).
ModelConfig read_model_config(const std::string& folder);

inline LayerWeights layer_weights(const ModelConfig& c) {
  return layer_weights(c.width, c.heads, c.kv_heads, c.head_dim, c.ffn);
}

// What two parties must agree on, and what a trace repeats.
Json geometry(const ModelConfig&);

}  // namespace splitwan::engine
