// OLMo-2 and 3: norms behind each block and none before, and over all of a row's queries and keys. OLMo-3
// adds a window on three of four layers, and scales the rotation of the others only.
#include "engine/checkpoint/architectures.hh"

namespace splitwan::engine::families {
namespace {

constexpr Traits olmo{.norms_before = false, .norms_after = true, .qk_norm = QkNorm::whole};

void read_olmo2(const ConfigFile& file, ModelConfig& c) {
  c.traits.qkv_bias = c.traits.out_bias = file.flag("attention_bias", false);
}

void read_olmo3(const ConfigFile& file, ModelConfig& c) {
  read_olmo2(file, c);
  read_windows(file, c, [](int layer) { return (layer + 1) % 4 != 0; });
  if (c.rope == RopeScaling{}) return;
  for (LayerKind& kind : c.kinds)
    if (kind.windowed) kind.turn = Turn::local;
  if (c.local_theta == 0) c.local_theta = c.rope_theta;
}

}  // namespace

Architecture olmo2() {
  return {"Olmo2ForCausalLM", "olmo2", olmo, R"({"max_position_embeddings": 2048, "rms_norm_eps": 1e-5})",
          read_olmo2};
}
Architecture olmo3() {
  return {"Olmo3ForCausalLM", "olmo3", olmo,
          R"({"max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "sliding_window": 4096})", read_olmo3};
}

}  // namespace splitwan::engine::families
