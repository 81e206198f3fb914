// Granite 3 and 4, dense: Llama with a multiplier for embeddings, scores, what blocks add, and logits.
#include "engine/checkpoint/architectures.hh"

namespace splitwan::engine::families {
namespace {

void read_granite(const ConfigFile& file, ModelConfig& c) {
  read_biases(file, c);
  c.embedding_scale = file.positive("embedding_multiplier", 1);
  c.attention_scale = file.positive("attention_multiplier", 1);
  c.residual_scale = file.positive("residual_multiplier", 1);
  c.logits_divisor = file.positive("logits_scaling", 1);
}

}  // namespace

Architecture granite() {
  return {"GraniteForCausalLM",
          "granite",
          {},
          R"({"max_position_embeddings": 2048, "rms_norm_eps": 1e-6})",
          read_granite};
}

}  // namespace splitwan::engine::families
