// Llama, and Mistral, which is Llama with a sliding window over all layers.
#include "engine/checkpoint/architectures.hh"

namespace splitwan::engine::families {
namespace {

// Llama's config class always stores sliding_window as absent; Mistral 7B v0.1 sets 4096.
void read_window_of_all_layers(const ConfigFile& file, ModelConfig& c) {
  c.sliding_window = file.flag("use_sliding_window", true) ? file.integer("sliding_window", 0) : 0;
}

}  // namespace

Architecture llama() { return {"LlamaForCausalLM", "llama", {}, read_window_of_all_layers}; }
Architecture mistral() { return {"MistralForCausalLM", "mistral", {}, read_window_of_all_layers}; }

}  // namespace splitwan::engine::families
