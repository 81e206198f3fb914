// Qwen2 and 2.5: Llama with a bias on q, k and v. Qwen3: none unless it says so, and norms on queries and
// keys.
#include "engine/checkpoint/architectures.hh"

namespace splitwan::engine::families {
namespace {

// Layers see a window only where use_sliding_window says so, and then from layer max_window_layers on; real
// files state a sliding_window beside `false`. (transformers, configuration_qwen2.py)
void read_window(const ConfigFile& file, ModelConfig& c) {
  if (!file.flag("use_sliding_window", false)) return static_cast<void>(file.find("layer_types"));
  const Json* first = file.find("max_window_layers");
  const int windowed_from = first && *first == 0 ? 0 : file.integer("max_window_layers", 28);
  read_windows(file, c, [](int) { return true; });
  if (file.find("layer_types")) return;
  for (int i = 0; i < c.layers; ++i) c.kinds[static_cast<std::size_t>(i)].windowed = i >= windowed_from;
}

void read_qwen2(const ConfigFile& file, ModelConfig& c) {
  read_window(file, c);
  c.bos = -1;  // its tokenizer begins no text with the token that the config names
}

void read_qwen3(const ConfigFile& file, ModelConfig& c) {
  c.traits.qkv_bias = c.traits.out_bias = file.flag("attention_bias", false);
  read_window(file, c);
  c.bos = -1;
}

}  // namespace

Architecture qwen2() {
  return {"Qwen2ForCausalLM",
          "qwen2",
          {.qkv_bias = true},
          R"({"max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "sliding_window": 4096})",
          read_qwen2};
}
Architecture qwen3() {
  return {
      "Qwen3ForCausalLM",
      "qwen3",
      {.qk_norm = QkNorm::per_head},
      R"({"max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "sliding_window": 4096, "head_dim": 128})",
      read_qwen3};
}

}  // namespace splitwan::engine::families
