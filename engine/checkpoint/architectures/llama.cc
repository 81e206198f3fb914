// Llama 2 and 3.x. Its class has no window, whatever a config says of one.
#include "engine/checkpoint/architectures.hh"

namespace splitwan::engine::families {

Architecture llama() {
  return {"LlamaForCausalLM",
          "llama",
          {},
          R"({"max_position_embeddings": 2048, "rms_norm_eps": 1e-6})",
          read_biases};
}

}  // namespace splitwan::engine::families
