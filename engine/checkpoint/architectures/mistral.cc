// Mistral, NeMo, Small: Llama with a sliding window over all layers, or none. Ministral 8B says by layer
// which see one; Ministral 3 has none, and its queries grow with their position.
#include "engine/checkpoint/architectures.hh"

#include "engine/base/error.hh"

namespace splitwan::engine::families {
namespace {

constexpr auto every = [](int /*layer*/) { return true; };

void read_mistral(const ConfigFile& file, ModelConfig& c) {
  c.sliding_window = file.integer("sliding_window", 0);
}
void read_ministral(const ConfigFile& file, ModelConfig& c) { read_windows(file, c, every); }

// Mistral Small 3.1 and later come beside an image encoder, around either of the two.
void read_either(const ConfigFile& file, ModelConfig& c) {
  const std::string type = file.text("model_type", "mistral");
  if (type != "mistral" && type != "ministral3")
    throw Error("{}: key 'model_type': \"{}\" is not implemented (expected \"mistral\" or \"ministral3\")",
                file.path, type);
  read_mistral(file, c);
}

constexpr auto ministral3_defaults =
    R"({"max_position_embeddings": 262144, "rms_norm_eps": 1e-5, "rope_parameters": {"type": "yarn",
        "rope_theta": 1e6, "factor": 16, "original_max_position_embeddings": 16384, "beta_fast": 32, "beta_slow": 1,
        "mscale": 1, "mscale_all_dim": 1, "llama_4_scaling_beta": 0.1}})";

}  // namespace

Architecture mistral() {
  return {"MistralForCausalLM",
          "mistral",
          {},
          R"({"max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "sliding_window": 4096})",
          read_mistral};
}
Architecture ministral() {
  return {"MinistralForCausalLM",
          "ministral",
          {},
          R"({"max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "sliding_window": 4096})",
          read_ministral};
}
Architecture ministral3() {
  return {
      "Ministral3ForCausalLM", "ministral3", {.growing_queries = true}, ministral3_defaults, read_mistral};
}
Architecture mistral3() {
  return {"Mistral3ForConditionalGeneration",       "mistral3",  {},
          R"({"max_position_embeddings": 131072})", read_either, "{}"};
}

}  // namespace splitwan::engine::families
