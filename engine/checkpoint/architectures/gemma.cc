// Gemma 1, 2 and 3 (text): norms whose gain is 1 + w, embeddings x sqrt(width), a gated tanh GELU.
#include <cmath>

#include "engine/checkpoint/architectures.hh"

namespace splitwan::engine::families {
namespace {

constexpr Traits gemma_1{.gain_above_one = true, .activation = Activation::gelu_tanh};
constexpr Traits gemma_2{.norms_after = true, .gain_above_one = true, .activation = Activation::gelu_tanh};
constexpr Traits gemma_3{.norms_after = true,
                         .gain_above_one = true,
                         .qk_norm = QkNorm::per_head,
                         .activation = Activation::gelu_tanh};

// In f32, as a model that computes in f32 has it; transformers rounds it where it computes in bf16.
void read_all(const ConfigFile& file, ModelConfig& c) {
  c.embedding_scale = std::sqrt(static_cast<float>(c.width));
  c.traits.qkv_bias = c.traits.out_bias = file.flag("attention_bias", false);
}

void read_scores(const ConfigFile& file, ModelConfig& c) {
  c.attention_scale = 1 / std::sqrt(file.positive("query_pre_attn_scalar", 256));
  c.score_cap = file.positive("attn_logit_softcapping", 0);
  c.logits_cap = file.positive("final_logit_softcapping", 0);
}

void read_2(const ConfigFile& file, ModelConfig& c) {
  read_all(file, c);
  read_scores(file, c);
  read_windows(file, c, [](int layer) { return layer % 2 == 0; });
}

// Layers that see a window turn by a base of their own, unscaled.
void read_3(const ConfigFile& file, ModelConfig& c) {
  read_all(file, c);
  read_scores(file, c);
  read_windows(file, c, [](int) { return true; });
  const char* pattern =
      file.find("sliding_window_pattern") ? "sliding_window_pattern" : "_sliding_window_pattern";
  const int period = file.integer(pattern, 6);
  for (int i = 0; i < c.layers; ++i) {
    LayerKind& kind = c.kinds[static_cast<std::size_t>(i)];
    if (!file.find("layer_types")) kind.windowed = (i + 1) % period != 0;
    if (kind.windowed) kind.turn = Turn::local;
  }
  const double base = file.positive("rope_local_base_freq", 10000);
  if (c.local_theta == 0) c.local_theta = base;
}

constexpr auto defaults_3 =
    R"({"max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "tie_word_embeddings": true, "head_dim": 256,
        "default_theta": 1e6, "query_pre_attn_scalar": 256, "sliding_window": 4096})";

}  // namespace

Architecture gemma() {
  return {
      "GemmaForCausalLM", "gemma", gemma_1,
      R"({"max_position_embeddings": 8192, "rms_norm_eps": 1e-6, "tie_word_embeddings": true, "head_dim": 256})",
      read_all};
}
Architecture gemma2() {
  return {
      "Gemma2ForCausalLM", "gemma2", gemma_2,
      R"({"max_position_embeddings": 8192, "rms_norm_eps": 1e-6, "tie_word_embeddings": true, "head_dim": 256,
              "query_pre_attn_scalar": 256, "sliding_window": 4096, "attn_logit_softcapping": 50.0,
              "final_logit_softcapping": 30.0})",
      read_2};
}
Architecture gemma3() { return {"Gemma3ForCausalLM", "gemma3_text", gemma_3, defaults_3, read_3}; }
Architecture gemma3_beside_images() {
  return {
      "Gemma3ForConditionalGeneration",
      "gemma3",
      gemma_3,
      defaults_3,
      read_3,
      R"({"hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
              "num_key_value_heads": 4, "vocab_size": 262208})"};
}

}  // namespace splitwan::engine::families
