#include "engine/checkpoint/tensors.hh"

#include <fmt/format.h>

namespace splitwan::engine {
namespace {

constexpr Role roles_of_a_layer[] = {Role::attention_norm, Role::q,    Role::k,  Role::v,   Role::out,
                                     Role::ffn_norm,       Role::gate, Role::up, Role::down};

const char* name_within_its_layer(Role role) {
  switch (role) {
    case Role::attention_norm:
      return "input_layernorm";
    case Role::q:
      return "self_attn.q_proj";
    case Role::k:
      return "self_attn.k_proj";
    case Role::v:
      return "self_attn.v_proj";
    case Role::out:
      return "self_attn.o_proj";
    case Role::ffn_norm:
      return "post_attention_layernorm";
    case Role::gate:
      return "mlp.gate_proj";
    case Role::up:
      return "mlp.up_proj";
    default:
      return "mlp.down_proj";
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
  const std::string name = role == Role::embedding    ? "model.embed_tokens"
                           : role == Role::final_norm ? "model.norm"
                           : role == Role::head
                               ? "lm_head"
                               : fmt::format("model.layers.{}.{}", layer, name_within_its_layer(role));
  return {name + ".weight", shape_of(c, role), role, layer};
}

std::vector<TensorSpec> tensors_of(const ModelConfig& c) {
  std::vector<TensorSpec> all = {tensor_of(c, Role::embedding)};
  for (int i = 0; i < c.layers; ++i) {
    for (const Role role : roles_of_a_layer) all.push_back(tensor_of(c, role, i));
  }
  all.push_back(tensor_of(c, Role::final_norm));
  if (!c.tied) all.push_back(tensor_of(c, Role::head));
  return all;
}

bool is_norm(Role role) {
  return role == Role::attention_norm || role == Role::ffn_norm || role == Role::final_norm;
}

}  // namespace splitwan::engine
