#include "engine/layers/layer_tensors.hh"

namespace splitwan::engine {

LayerTensors layer_tensors(Checkpoint& checkpoint, int layer) {
  const auto of = [&](Role role) { return &checkpoint.tensor(role, layer); };
  std::vector<const TensorView*> bias;
  if (checkpoint.config().traits.qkv_bias) bias = {of(Role::q_bias), of(Role::k_bias), of(Role::v_bias)};
  return {.attention_norm = of(Role::attention_norm),
          .ffn_norm = of(Role::ffn_norm),
          .qkv = {of(Role::q), of(Role::k), of(Role::v)},
          .qkv_bias = std::move(bias),
          .gate_up = {of(Role::gate), of(Role::up)},
          .out = {of(Role::out)},
          .down = {of(Role::down)}};
}

}  // namespace splitwan::engine
