#include "engine/checkpoint/model_config.hh"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/base/error.hh"
#include "engine/checkpoint/architectures.hh"
#include "engine/checkpoint/generation_config.hh"
#include "engine/checkpoint/rope_keys.hh"

namespace splitwan::engine {
namespace {

// Keys that change the arithmetic, and the values with which they do not. A family that computes with one has
// asked for it.
void refuse_what_nobody_reads(const ConfigFile& file) {
  const std::pair<const char*, std::vector<Json>> known[] = {{"attention_bias", {false}},
                                                             {"mlp_bias", {false}},
                                                             {"quantization_config", {}},
                                                             {"partial_rotary_factor", {1.0}},
                                                             {"attention_multiplier", {}},
                                                             {"embedding_multiplier", {1.0}},
                                                             {"residual_multiplier", {1.0}},
                                                             {"logits_scaling", {1.0}},
                                                             {"final_logit_softcapping", {}},
                                                             {"attn_logit_softcapping", {}},
                                                             {"rope_interleaved", {false}},
                                                             {"qk_norm", {false}},
                                                             {"use_qk_norm", {false}},
                                                             {"clip_qkv", {}},
                                                             {"num_local_experts", {0, 1}},
                                                             {"num_experts", {0, 1}},
                                                             {"dual_chunk_attention_config", {}},
                                                             {"use_bidirectional_attention", {false}},
                                                             {"alibi", {false}},
                                                             {"tie_encoder_decoder", {false}},
                                                             {"no_rope_layers", {}},
                                                             {"query_pre_attn_scalar", {}},
                                                             {"is_encoder_decoder", {false}}};
  for (const auto& [key, neutral] : known) {
    const bool read = file.asked(key);
    const Json* value = file.find(key);
    if (read || !value || std::find(neutral.begin(), neutral.end(), *value) != neutral.end()) continue;
    std::string shown = value->dump();
    if (shown.size() > 80) shown = shown.substr(0, 77) + "...";
    throw Error("{}: key '{}': {} is not implemented (expected {})", file.path, key, shown,
                neutral.empty() ? "none" : neutral[0].dump());
  }
  if (file.asked("layer_types")) return;
  if (const Json* types = file.find("layer_types")) {
    for (const Json& type : *types) {
      if (type != "full_attention")
        throw Error("{}: key 'layer_types': {} is not implemented (expected \"full_attention\")", file.path,
                    type.dump());
    }
  }
}

// Old Gemma files say "gelu" and mean the tanh form; hidden_activation goes before hidden_act there.
void check_activation(const ConfigFile& file, Activation family) {
  const bool tanh = family == Activation::gelu_tanh;
  const char* key = tanh && file.find("hidden_activation") ? "hidden_activation" : "hidden_act";
  const std::string usual = tanh ? "gelu_pytorch_tanh" : "silu", stated = file.text(key, usual.c_str());
  if (stated == usual || (tanh && key == std::string("hidden_act")) || (!tanh && stated == "swish")) return;
  throw Error("{}: key '{}': \"{}\" is not implemented (expected \"{}\")", file.path, key, stated, usual);
}

void check_sizes(const ConfigFile& file, const ModelConfig& c) {
  // Far beyond any model, and small enough that no product of two overflows.
  const std::pair<const char*, std::int64_t> sizes[] = {
      {"num_hidden_layers", c.layers},
      {"hidden_size", c.width},
      {"intermediate_size", c.ffn},
      {"vocab_size", c.vocabulary},
      {"num_attention_heads x head_dim", static_cast<std::int64_t>(c.heads) * c.head_dim},
      {"num_key_value_heads x head_dim", static_cast<std::int64_t>(c.kv_heads) * c.head_dim}};
  for (const auto& [key, size] : sizes) {
    if (size > 1 << 24) throw Error("{}: {}: expected at most {}, found {}", file.path, key, 1 << 24, size);
  }
  if (c.heads % c.kv_heads != 0) {
    throw Error("{}: num_attention_heads {} is not a multiple of num_key_value_heads {}", file.path, c.heads,
                c.kv_heads);
  }
  if (c.head_dim % 2 != 0)
    throw Error("{}: head_dim {} is odd: rotary embedding needs pairs", file.path, c.head_dim);
  if (c.bos >= c.vocabulary)
    throw Error("{}: bos_token_id {} is outside the vocabulary of {}", file.path, c.bos, c.vocabulary);
}

// One way to say that all layers are alike.
void simplify(ModelConfig& c) {
  const auto sees_all = [](const LayerKind& kind) { return !kind.windowed; };
  if (c.sliding_window == 0 || std::ranges::all_of(c.kinds, sees_all)) {
    if (!c.kinds.empty()) c.sliding_window = 0;
    for (LayerKind& kind : c.kinds) kind.windowed = true;
  }
  if (std::ranges::all_of(c.kinds, [](const LayerKind& kind) { return kind == LayerKind{}; }))
    c.kinds.clear();
  if (std::ranges::none_of(c.kinds, [](const LayerKind& kind) { return kind.turn == Turn::local; }))
    c.local_theta = 0;
}

}  // namespace

float ModelConfig::score_scale() const {
  return attention_scale > 0 ? static_cast<float>(attention_scale)
                             : 1.f / std::sqrt(static_cast<float>(head_dim));
}

bool is_plain_llama(const ModelConfig& c) {
  return c == ModelConfig{.layers = c.layers,
                          .width = c.width,
                          .heads = c.heads,
                          .kv_heads = c.kv_heads,
                          .head_dim = c.head_dim,
                          .ffn = c.ffn,
                          .vocabulary = c.vocabulary,
                          .context = c.context,
                          .rms_eps = c.rms_eps,
                          .rope_theta = c.rope_theta,
                          .tied = c.tied,
                          .bos = c.bos,
                          .eos = c.eos};
}

ModelConfig read_model_config(const ConfigFile& stated) {
  if (!stated.json.is_object()) throw Error("{}: expected a JSON object", stated.path);
  const Architecture& architecture = architecture_of(stated);
  const ConfigFile file = completed(stated, architecture);
  ModelConfig c;
  c.traits = architecture.traits;
  c.layers = file.integer("num_hidden_layers");
  c.width = file.integer("hidden_size");
  c.heads = file.integer("num_attention_heads");
  c.kv_heads = file.integer("num_key_value_heads", c.heads);
  if (!file.find("head_dim") && c.width % c.heads != 0) {
    throw Error("{}: hidden_size {} is not a multiple of num_attention_heads {}", file.path, c.width,
                c.heads);
  }
  c.head_dim = file.integer("head_dim", c.width / c.heads);
  c.ffn = file.integer("intermediate_size");
  c.vocabulary = file.integer("vocab_size");
  c.context = file.integer("max_position_embeddings");
  c.rms_eps = file.positive("rms_norm_eps", 1e-6);
  c.tied = file.flag("tie_word_embeddings", false);
  const auto bos = file.tokens("bos_token_id");
  c.bos = bos.empty() ? -1 : bos[0];
  c.eos = file.tokens("eos_token_id");
  check_sizes(file, c);
  check_activation(file, c.traits.activation);
  read_rope(file, c);
  architecture.read(file, c);
  simplify(c);
  refuse_what_nobody_reads(file);
  return c;
}

ModelConfig read_model_config(const std::string& folder) {
  ModelConfig c = read_model_config(ConfigFile(folder + "/config.json"));
  if (const GenerationConfig generation = read_generation_config(folder); generation.eos)
    c.eos = *generation.eos;
  return c;
}

Json geometry(const ModelConfig& c) {
  Json g = {{"layers", c.layers},         {"width", c.width},          {"heads", c.heads},
            {"kv_heads", c.kv_heads},     {"head_dim", c.head_dim},    {"ffn", c.ffn},
            {"vocabulary", c.vocabulary}, {"context", c.context},      {"sliding_window", c.sliding_window},
            {"rms_eps", c.rms_eps},       {"rope_theta", c.rope_theta}};
  const auto say = [&](const char* key, const auto& value, const auto& usual) {
    if (value != usual) g[key] = value;
  };
  const Traits& t = c.traits;
  say("qkv_bias", t.qkv_bias, false);
  say("out_bias", t.out_bias, false);
  say("ffn_bias", t.ffn_bias, false);
  say("norms_before", t.norms_before, true);
  say("norms_after", t.norms_after, false);
  say("gain_above_one", t.gain_above_one, false);
  if (t.qk_norm != QkNorm::none) g["qk_norm"] = t.qk_norm == QkNorm::whole ? "whole" : "per_head";
  if (t.activation == Activation::gelu_tanh) g["activation"] = "gelu_tanh";
  if (c.rope != RopeScaling{}) g["rope_scaling"] = to_json(c.rope);
  say("local_rope_theta", c.local_theta, 0.0);
  say("rotary_dims", c.turning_dims(), c.head_dim);
  say("attention_scale", c.attention_scale, 0.0);
  say("score_cap", c.score_cap, 0.0);
  say("residual_scale", c.residual_scale, 1.0);
  say("query_growth", c.query_growth, 0.0);
  say("query_period", c.query_period, 0);
  say("embedding_scale", c.embedding_scale, 1.0);
  say("logits_divisor", c.logits_divisor, 1.0);
  say("logits_cap", c.logits_cap, 0.0);
  std::vector<int> seeing_all, local, still;
  for (int i = 0; i < c.layers && !c.kinds.empty(); ++i) {
    const LayerKind kind = c.kind(i);
    if (!kind.windowed) seeing_all.push_back(i);
    if (kind.turn == Turn::local) local.push_back(i);
    if (kind.turn == Turn::none) still.push_back(i);
  }
  const std::vector<int> none;
  say("full_layers", seeing_all, none);
  say("local_rope_layers", local, none);
  say("unturned_layers", still, none);
  return g;
}

}  // namespace splitwan::engine
