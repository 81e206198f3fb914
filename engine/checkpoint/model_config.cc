#include "engine/checkpoint/model_config.hh"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/base/error.hh"
#include "engine/checkpoint/architectures.hh"

namespace splitwan::engine {
namespace {

// Keys that change the arithmetic, and the only values this engine computes.
void refuse_other_arithmetic(const ConfigFile& file) {
  const std::pair<const char*, std::vector<Json>> known[] = {{"hidden_act", {"silu"}},
                                                             {"attention_bias", {false}},
                                                             {"mlp_bias", {false}},
                                                             {"quantization_config", {}},
                                                             {"partial_rotary_factor", {1.0, 1}},
                                                             {"attention_multiplier", {}},
                                                             {"embedding_multiplier", {}},
                                                             {"residual_multiplier", {}},
                                                             {"logits_scaling", {}},
                                                             {"final_logit_softcapping", {}},
                                                             {"attn_logit_softcapping", {}},
                                                             {"pretraining_tp", {1}},
                                                             {"rope_interleaved", {false}},
                                                             {"qk_norm", {false}},
                                                             {"use_qk_norm", {false}},
                                                             {"clip_qkv", {}},
                                                             {"num_local_experts", {}},
                                                             {"tie_encoder_decoder", {false}},
                                                             {"no_rope_layers", {}},
                                                             {"query_pre_attn_scalar", {}},
                                                             {"is_encoder_decoder", {false}}};
  for (const auto& [key, accepted] : known) {
    const Json* value = file.find(key);
    if (!value || std::find(accepted.begin(), accepted.end(), *value) != accepted.end()) continue;
    throw Error("{}: key '{}': {} is not implemented (expected {})", file.path, key,
                value->dump().substr(0, 80), accepted.empty() ? "none" : accepted[0].dump());
  }
  if (const Json* types = file.find("layer_types")) {
    for (const Json& type : *types) {
      if (type != "full_attention")
        throw Error("{}: key 'layer_types': {} is not implemented (expected \"full_attention\")", file.path,
                    type.dump());
    }
  }
}

// Rotary embedding's base: `rope_theta`, or as newer files write it,
// "rope_parameters": {"rope_theta": .., "rope_type": "default"}. Only the default type is implemented.
double rope_theta(const ConfigFile& file) {
  double theta = file.positive("rope_theta", 10000);
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const Json* value = file.find(key);
    if (!value) continue;
    const auto refuse = [&] {
      throw Error("{}: key '{}': {} is not implemented (expected rope_type \"default\")", file.path, key,
                  value->dump().substr(0, 80));
    };
    if (!value->is_object()) refuse();
    for (const auto& [name, setting] : value->items()) {
      if (name == "rope_type" || name == "type") {
        if (setting != "default") refuse();
      } else if (name == "rope_theta") {
        const double stated = ConfigFile{file.path, *value}.positive("rope_theta", theta);
        if (file.find("rope_theta") && stated != theta) {
          throw Error("{}: rope_theta is {} and, in '{}', {}", file.path, theta, key, stated);
        }
        theta = stated;
      } else {
        refuse();
      }
    }
  }
  return theta;
}

}  // namespace

ModelConfig read_model_config(const std::string& folder) {
  const ConfigFile file{folder + "/config.json"};
  if (!file.json.is_object()) throw Error("{}: expected a JSON object", file.path);
  const Architecture& architecture = architecture_of(file);
  refuse_other_arithmetic(file);
  ModelConfig c;
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
  c.context = file.integer("max_position_embeddings", 2048);
  c.rms_eps = file.positive("rms_norm_eps", 1e-6);
  c.rope_theta = rope_theta(file);
  c.tied = file.flag("tie_word_embeddings", false);
  const auto bos = file.tokens("bos_token_id");
  c.bos = bos.empty() ? -1 : bos[0];
  c.eos = file.tokens("eos_token_id");
  c.traits = architecture.traits;
  architecture.read(file, c);
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
  return c;
}

Json geometry(const ModelConfig& c) {
  Json g = {{"layers", c.layers},         {"width", c.width},          {"heads", c.heads},
            {"kv_heads", c.kv_heads},     {"head_dim", c.head_dim},    {"ffn", c.ffn},
            {"vocabulary", c.vocabulary}, {"context", c.context},      {"sliding_window", c.sliding_window},
            {"rms_eps", c.rms_eps},       {"rope_theta", c.rope_theta}};
  if (c.traits.qkv_bias) g["qkv_bias"] = true;
  return g;
}

}  // namespace splitwan::engine
