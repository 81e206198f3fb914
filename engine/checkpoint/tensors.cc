#include "engine/checkpoint/tensors.hh"

#include <fmt/format.h>

#include <cstring>

namespace splitwan::engine {
namespace {

std::vector<Role> roles_of_a_layer(const Traits& t) {
  std::vector<Role> roles;
  const auto add = [&](bool there, std::initializer_list<Role> some) {
    if (there) roles.insert(roles.end(), some);
  };
  add(t.norms_before, {Role::attention_norm});
  add(t.fused, {Role::qkv});
  add(!t.fused, {Role::q, Role::k, Role::v});
  add(t.qkv_bias, {Role::q_bias, Role::k_bias, Role::v_bias});
  add(t.qk_norm != QkNorm::none, {Role::q_norm, Role::k_norm});
  add(true, {Role::out});
  add(t.out_bias, {Role::out_bias});
  add(t.norms_after, {Role::after_attention_norm});
  add(t.norms_before, {Role::ffn_norm});
  add(t.fused, {Role::gate_up});
  add(!t.fused, {Role::gate, Role::up});
  add(t.ffn_bias, {Role::gate_bias, Role::up_bias});
  add(true, {Role::down});
  add(t.ffn_bias, {Role::down_bias});
  add(t.norms_after, {Role::after_ffn_norm});
  return roles;
}

// post_attention_layernorm stands before the feed-forward block where no norm follows a block, and else
// behind attention.
const char* name_within_its_layer(Role role, const Traits& t) {
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
    case Role::qkv:
      return "self_attn.qkv_proj.weight";
    case Role::q_norm:
      return "self_attn.q_norm.weight";
    case Role::k_norm:
      return "self_attn.k_norm.weight";
    case Role::out:
      return "self_attn.o_proj.weight";
    case Role::out_bias:
      return "self_attn.o_proj.bias";
    case Role::after_attention_norm:
      return "post_attention_layernorm.weight";
    case Role::ffn_norm:
      return t.norms_after ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight";
    case Role::gate:
      return "mlp.gate_proj.weight";
    case Role::up:
      return "mlp.up_proj.weight";
    case Role::gate_bias:
      return "mlp.gate_proj.bias";
    case Role::up_bias:
      return "mlp.up_proj.bias";
    case Role::gate_up:
      return "mlp.gate_up_proj.weight";
    case Role::down_bias:
      return "mlp.down_proj.bias";
    case Role::after_ffn_norm:
      return "post_feedforward_layernorm.weight";
    default:
      return "mlp.down_proj.weight";
  }
}

std::string name_of_tensor(Role role, int layer, const Traits& traits) {
  switch (role) {
    case Role::embedding:
      return "model.embed_tokens.weight";
    case Role::final_norm:
      return "model.norm.weight";
    case Role::head:
      return "lm_head.weight";
    default:
      return fmt::format("model.layers.{}.{}", layer, name_within_its_layer(role, traits));
  }
}

std::vector<std::int64_t> shape_of(const ModelConfig& c, Role role) {
  switch (role) {
    case Role::embedding:
    case Role::head:
      return {c.vocabulary, c.width};
    case Role::attention_norm:
    case Role::ffn_norm:
    case Role::after_attention_norm:
    case Role::after_ffn_norm:
    case Role::final_norm:
    case Role::out_bias:
    case Role::down_bias:
      return {c.width};
    case Role::q_norm:
      return {c.traits.qk_norm == QkNorm::whole ? c.q_width() : c.head_dim};
    case Role::k_norm:
      return {c.traits.qk_norm == QkNorm::whole ? c.kv_width() : c.head_dim};
    case Role::qkv:
      return {c.q_width() + 2 * c.kv_width(), c.width};
    case Role::gate_up:
      return {2 * c.ffn, c.width};
    case Role::gate_bias:
    case Role::up_bias:
      return {c.ffn};
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
  return {name_of_tensor(role, layer, c.traits), shape_of(c, role), role, layer};
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
  switch (role) {
    case Role::attention_norm:
    case Role::ffn_norm:
    case Role::after_attention_norm:
    case Role::after_ffn_norm:
    case Role::q_norm:
    case Role::k_norm:
    case Role::final_norm:
      return true;
    default:
      return false;
  }
}

bool is_of_a_layer(const std::string& name) {
  return name.starts_with("model.layers.") &&
         !name.ends_with(".rotary_emb.inv_freq");  // a table, computed here
}

std::string plain_name(const std::string& name) {
  constexpr std::pair<const char*, const char*> spellings[] = {{"language_model.model.", "model."},
                                                               {"model.language_model.", "model."},
                                                               {"language_model.lm_head.", "lm_head."}};
  for (const auto& [around, plain] : spellings)
    if (name.starts_with(around)) return plain + name.substr(std::strlen(around));
  return name;
}

}  // namespace splitwan::engine
