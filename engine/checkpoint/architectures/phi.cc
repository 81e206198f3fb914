// Phi-3 and Phi-4-mini: Llama whose q, k, v are one tensor and gate and up another; part of a head may turn.
#include <cmath>

#include "engine/base/error.hh"
#include "engine/checkpoint/architectures.hh"

namespace splitwan::engine::families {
namespace {

void read_phi3(const ConfigFile& file, ModelConfig& c) {
  c.sliding_window = file.integer("sliding_window", 0);
}

}  // namespace

Architecture phi3() {
  return {
      "Phi3ForCausalLM",
      "phi3",
      {.fused = true},
      R"({"max_position_embeddings": 4096, "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-5})",
      read_phi3};
}

}  // namespace splitwan::engine::families
