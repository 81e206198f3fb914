#include "engine/layers/layer_tensors.hh"

namespace splitwan::engine {

LayerTensors layer_tensors(Checkpoint& checkpoint, int layer) {
  const Traits& t = checkpoint.config().traits;
  const auto all = [&](bool there, std::initializer_list<Role> roles) {
    std::vector<TensorView> views;
    for (const Role role : roles)
      if (there) views.push_back(checkpoint.tensor(role, layer));
    return views;
  };
  const auto one = [&](bool there, Role role) {
    return there ? std::optional(checkpoint.tensor(role, layer)) : std::nullopt;
  };
  return {.attention_norm = one(t.norms_before, Role::attention_norm),
          .ffn_norm = one(t.norms_before, Role::ffn_norm),
          .after_attention = one(t.norms_after, Role::after_attention_norm),
          .after_ffn = one(t.norms_after, Role::after_ffn_norm),
          .q_norm = one(t.qk_norm != QkNorm::none, Role::q_norm),
          .k_norm = one(t.qk_norm != QkNorm::none, Role::k_norm),
          .qkv = t.fused ? all(true, {Role::qkv}) : all(true, {Role::q, Role::k, Role::v}),
          .gate_up = t.fused ? all(true, {Role::gate_up}) : all(true, {Role::gate, Role::up}),
          .out = all(true, {Role::out}),
          .down = all(true, {Role::down}),
          .qkv_bias = all(t.qkv_bias, {Role::q_bias, Role::k_bias, Role::v_bias}),
          .out_bias = all(t.out_bias, {Role::out_bias}),
          .gate_up_bias = all(t.ffn_bias, {Role::gate_bias, Role::up_bias}),
          .down_bias = all(t.ffn_bias, {Role::down_bias})};
}

}  // namespace splitwan::engine
