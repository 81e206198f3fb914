#include "engine/checkpoint/tensors.hh"

#include <fmt/format.h>

namespace splitwan::engine {
namespace {

std::vector<Role> roles_of_a_layer(const Traits& traits) {
  std::vector<Role> roles = {Role::attention_norm, Role::q, Role::k, Role::v};
  if (traits.qkv_bias) roles.insert(roles.end(), {Role::q_bias, Role::k_bias, Role::v_bias});
  roles.insert(roles.end(), {Role::out, Role::ffn_norm, Role::gate, Role::up, Role::down});
  return roles;
}

const char* name_within_its_layer(Role role) {
  switch (role) {
    case Role::attention_norm:
      return "input_layernorm.weight";
    case Role::q:
      return "self_attn.q_proj.weight";
    case Role::k:
      return "self_attn.k_proj.weight";
    case Role::v:
      return "self_attn.v_proj.weight";
    case Role::q_bias:
      return "self_attn.q_proj.bias";
    case Role::k_bias:
      return "self_attn.k_proj.bias";
    case Role::v_bias:
      return "self_attn.v_proj.bias";
    case Role::out:
      return "self_attn.o_proj.weight";
    case Role::ffn_norm:
      return "post_attention_layernorm.weight";
    case Role::gate:
      return "mlp.gate_proj.weight";
    case Role::up:
      return "mlp.up_proj.weight";
    default:
      return "mlp.down_proj.weight";
  }
}

std::string name_of_tensor(Role role, int layer) {
  switch (role) {
    case Role::embedding:
      return "model.embed_tokens.weight";
    case Role::final_norm:
      return "model.norm.weight";
    case Role::head:
      return "lm_head.weight";
    default:
      return fmt::format("model.layers.{}.{}", layer, name_within_its_layer(role));
  }
}

std::vector<std::int64_t> shape_of(const ModelConfig& c, Role role) {
  switch (role) {
    case Role::embedding:
    case Role::head:
      return {c.vocabulary, c.width};
    case Role::attention_norm:
    case Role::ffn_norm:
    case Role::final_norm:
      return {c.width};
    case Role::q:
      return {c.q_width(), c.width};
    case Role::k:
    case Role::v:
      return {c.kv_width(), c.width};
    case Role::q_bias:
      return {c.q_width()};
    case Role::k_bias:
    case Role::v_bias:
      return {c.kv_width()};
    case Role::out:
      return {c.width, c.q_width()};
    case Role::gate:
    case Role::up:
      return {c.ffn, c.width};
    case Role::down:
      return {c.width, c.ffn};
  }
  return {};
}

}  // namespace

TensorSpec tensor_of(const ModelConfig& c, Role role, int layer) {
  if (role == Role::head && c.tied) role = Role::embedding;
  return {name_of_tensor(role, layer), shape_of(c, role), role, layer};
}

std::vector<TensorSpec> tensors_of(const ModelConfig& c) {
  const std::vector<Role> roles = roles_of_a_layer(c.traits);
  std::vector<TensorSpec> all = {tensor_of(c, Role::embedding)};
  for (int i = 0; i < c.layers; ++i) {
    for (const Role role : roles) all.push_back(tensor_of(c, role, i));
  }
  all.push_back(tensor_of(c, Role::final_norm));
  if (!c.tied) all.push_back(tensor_of(c, Role::head));
  return all;
}

bool is_norm(Role role) {
  return role == Role::attention_norm || role == Role::ffn_norm || role == Role::final_norm;
}

}  // namespace splitwan::engine
