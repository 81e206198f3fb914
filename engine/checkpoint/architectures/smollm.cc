// SmolLM3: Llama whose every fourth layer does not turn; those may see a window.
#include "engine/base/error.hh"
#include "engine/checkpoint/architectures.hh"

namespace splitwan::engine::families {
namespace {

void read_smollm3(const ConfigFile& file, ModelConfig& c) {
  read_biases(file, c);
  c.kinds.resize(static_cast<std::size_t>(c.layers));
  const int interval = file.integer("no_rope_layer_interval", 4);
  for (int i = 0; i < c.layers; ++i)
    if ((i + 1) % interval == 0) c.kinds[static_cast<std::size_t>(i)].turn = Turn::none;
  if (const Json* turning = file.find("no_rope_layers");
      turning && !turning->empty()) {  // 1: the layer turns
    if (!turning->is_array() || turning->size() != c.kinds.size())
      throw Error("{}: key 'no_rope_layers': expected a list of {} numbers, one for each layer, found {}",
                  file.path, c.layers, turning->size());
    for (std::size_t i = 0; i < c.kinds.size(); ++i) {
      const Json& one = (*turning)[i];
      if (one != 0 && one != 1)
        throw Error("{}: key 'no_rope_layers': expected 0 or 1, found {}", file.path, one.dump());
      c.kinds[i].turn = one == 1 ? Turn::main : Turn::none;
    }
  }
  if (!file.flag("use_sliding_window", false)) return static_cast<void>(file.find("layer_types"));
  read_windows(file, c, [](int) { return true; });
  if (file.find("layer_types")) return;
  for (LayerKind& kind : c.kinds) kind.windowed = kind.turn == Turn::none;
}

}  // namespace

Architecture smollm3() {
  return {"SmolLM3ForCausalLM",
          "smollm3",
          {},
          R"({"max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "tie_word_embeddings": true,
              "default_theta": 2e6})",
          read_smollm3};
}

}  // namespace splitwan::engine::families
