// Qwen2 and 2.5: Llama with a bias on q, k and v.
#include "engine/base/error.hh"
#include "engine/checkpoint/architectures.hh"

namespace splitwan::engine::families {
namespace {

// Layers see a window only where use_sliding_window says so, and then from layer max_window_layers on; real
// files state a sliding_window beside `false`. (transformers, configuration_qwen2.py)
int window_of(const ConfigFile& file, int layers) {
  if (!file.flag("use_sliding_window", false)) return 0;
  const Json* stated = file.find("max_window_layers");
  const int first = stated && *stated == 0 ? 0 : file.integer("max_window_layers", 28);
  if (first >= layers) return 0;
  if (first > 0) {
    throw Error("{}: key 'max_window_layers': {} is not implemented (expected 0, or the {} layers)",
                file.path, first, layers);
  }
  if (file.find("layer_types"))
    throw Error("{}: key 'layer_types': \"full_attention\" beside use_sliding_window is not implemented",
                file.path);
  return file.integer("sliding_window");
}

void read_qwen2(const ConfigFile& file, ModelConfig& c) {
  if (file.find("dual_chunk_attention_config"))
    throw Error("{}: key 'dual_chunk_attention_config': is not implemented (expected none)", file.path);
  c.sliding_window = window_of(file, c.layers);
  c.bos = -1;  // its tokenizer begins no text with the token that the config names
}

}  // namespace

Architecture qwen2() { return {"Qwen2ForCausalLM", "qwen2", {.qkv_bias = true}, read_qwen2}; }

}  // namespace splitwan::engine::families
