// A decoder as its config.json states it: one arithmetic with switches covers every family. No torch.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/layer_weights.hh"
#include "engine/base/types.hh"
#include "engine/checkpoint/config_file.hh"
#include "engine/checkpoint/rope.hh"

namespace splitwan::engine {

enum class Activation : std::uint8_t { silu, gelu_tanh };
enum class QkNorm : std::uint8_t {
  none,
  per_head,  // over each head's values
  whole      // over all heads of a row together
};

// What sets a family's arithmetic apart from Llama's.
struct Traits {
  bool qkv_bias = false, out_bias = false, ffn_bias = false;  // what the products add
  bool norms_before = true, norms_after = false;  // of each block: its input; what it adds to the stream
  bool gain_above_one = false;                    // a norm multiplies by 1 + its weight
  QkNorm qk_norm = QkNorm::none;                  // before rows turn
  bool fused = false;                             // q, k, v are one tensor, gate and up another
  Activation activation = Activation::silu;
  bool growing_queries = false;  // the rotation's keys say by how much
  bool operator==(const Traits&) const = default;
};

enum class Turn : std::uint8_t { main, local, none };  // by which angles a layer's queries and keys turn

struct LayerKind {
  bool windowed = true;  // sees `sliding_window` positions, where the model has one
  Turn turn = Turn::main;
  bool operator==(const LayerKind&) const = default;
};

struct ModelConfig {
  int layers = 0, width = 0, heads = 0, kv_heads = 0, head_dim = 0, ffn = 0;
  int vocabulary = 0;
  int context = 0;         // max_position_embeddings
  int sliding_window = 0;  // positions that a row sees, its own among them; 0 = every one
  double rms_eps = 1e-5;
  double rope_theta = 10000;
  bool tied = false;  // the head is the embedding's transpose
  Token bos = -1;     // -1 = none
  std::vector<Token> eos;
  Traits traits = {};
  RopeScaling rope = {};              // of Turn::main
  double local_theta = 0;             // of Turn::local, which scales nothing
  int rotary_dims = 0;                // of a head, the first ones that turn; 0 = all
  std::vector<LayerKind> kinds = {};  // of each layer of the model; none = all are alike
  double attention_scale = 0;         // of scores; 0 = 1 / sqrt(head_dim)
  double score_cap = 0;               // of scaled scores: cap * tanh(score / cap); 0 = none
  double residual_scale = 1;          // of what each block adds to the stream
  double query_growth = 0;            // beta: queries x (1 + beta * ln(1 + position / query_period))
  int query_period = 0;
  // Of the two ends.
  double embedding_scale = 1, logits_divisor = 1, logits_cap = 0;

  int q_width() const { return heads * head_dim; }
  int kv_width() const { return kv_heads * head_dim; }
  int turning_dims() const { return rotary_dims > 0 ? rotary_dims : head_dim; }
  LayerKind kind(int layer) const {
    return kinds.empty() ? LayerKind{} : kinds.at(static_cast<std::size_t>(layer));
  }
  int window(int layer) const { return kind(layer).windowed ? sliding_window : 0; }
  float score_scale() const;
  bool operator==(const ModelConfig&) const = default;
};

// Whether all that sets families apart has Llama's value: for who computes nothing else, as the trainer.
bool is_plain_llama(const ModelConfig&);

// Throws Error naming the file and key for an unknown architecture, a missing or impossible value, and for
// any key that changes the arithmetic and that nobody read.
ModelConfig read_model_config(const ConfigFile&);          // alone
ModelConfig read_model_config(const std::string& folder);  // ends as generation_config.json has them

inline LayerWeights layer_weights(const ModelConfig& c) {
  return layer_weights(c.width, c.heads, c.kv_heads, c.head_dim, c.ffn);
}

// What two parties must agree on, and what a trace repeats.
Json geometry(const ModelConfig&);

}  // namespace splitwan::engine
