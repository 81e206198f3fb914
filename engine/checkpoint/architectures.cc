#include "engine/checkpoint/architectures.hh"

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace families {

Architecture llama(), mistral(), ministral(), ministral3(), mistral3(), qwen2(), qwen3(), gemma(), gemma2(),
    gemma3(), gemma3_beside_images(), phi3(), smollm3(), olmo2(), olmo3(), granite();

}  // namespace families

namespace {

const std::vector<Architecture>& known_families() {
  using namespace families;
  static const std::vector<Architecture> table = {
      llama(), mistral(), ministral(), ministral3(),           mistral3(), qwen2(),   qwen3(),
      gemma(), gemma2(),  gemma3(),    gemma3_beside_images(), phi3(),     smollm3(), olmo2(),
      olmo3(), granite()};
  return table;
}

}  // namespace

const Architecture& architecture_of(const ConfigFile& file) {
  const Json* names = file.find("architectures");
  const Json* type = file.find("model_type");
  for (const Architecture& known : known_families()) {
    if (names ? *names == Json::array({known.name}) : type && *type == known.model_type) return known;
  }
  std::string expected;
  for (const Architecture& known : known_families()) {
    if (!expected.empty()) expected += &known == &known_families().back() ? " or " : ", ";
    expected += known.name;
  }
  throw Error("{}: unknown architecture {}: expected {}", file.path,
              names  ? names->dump()
              : type ? type->dump()
                     : "none",
              expected);
}

ConfigFile completed(const ConfigFile& file, const Architecture& architecture) {
  std::string where = file.path;
  Json keys = file.json;
  Json defaults = Json::parse(architecture.defaults);
  if (architecture.text_defaults) {
    const Json* text = file.find("text_config");
    if (!text || !text->is_object()) throw Error("{}: key 'text_config' is missing", file.path);
    where += ": text_config";
    keys = *text;
    defaults.update(Json::parse(architecture.text_defaults));
    for (const char* shared :
         {"bos_token_id", "eos_token_id", "tie_word_embeddings", "quantization_config"}) {
      if (const Json* outside = file.find(shared); outside && !keys.contains(shared)) keys[shared] = *outside;
    }
  }
  if (keys.contains("rope_scaling") || keys.contains("rope_theta")) defaults.erase("rope_parameters");
  for (const auto& [key, value] : defaults.items())
    if (!keys.contains(key)) keys[key] = value;
  return {where, std::move(keys)};
}

void read_windows(const ConfigFile& file, ModelConfig& c, bool (*windowed)(int layer)) {
  c.kinds.resize(static_cast<std::size_t>(c.layers));
  for (int i = 0; i < c.layers; ++i) c.kinds[static_cast<std::size_t>(i)].windowed = windowed(i);
  if (const Json* types = file.find("layer_types")) {
    if (!types->is_array() || types->size() != c.kinds.size())
      throw Error("{}: key 'layer_types': expected a list of {} texts, one for each layer, found {}",
                  file.path, c.layers,
                  types->is_array() ? fmt::format("{}", types->size()) : types->dump().substr(0, 80));
    for (std::size_t i = 0; i < c.kinds.size(); ++i) {
      const Json& type = (*types)[i];
      c.kinds[i].windowed = type == "sliding_attention";
      if (!c.kinds[i].windowed && type != "full_attention")
        throw Error(
            "{}: key 'layer_types': {} is not implemented (expected \"full_attention\" or "
            "\"sliding_attention\")",
            file.path, type.dump());
    }
  }
  bool any = false;
  for (const LayerKind& kind : c.kinds) any |= kind.windowed;
  if (any) c.sliding_window = file.integer("sliding_window", 0);
}

void read_biases(const ConfigFile& file, ModelConfig& c) {
  c.traits.qkv_bias = c.traits.out_bias = file.flag("attention_bias", false);
  c.traits.ffn_bias = file.flag("mlp_bias", false);
}

}  // namespace splitwan::engine
