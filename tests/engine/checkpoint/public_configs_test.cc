// Config files as public repositories hold them: which load, and as what.
// engine/checkpoint/public_checkpoints.md is what this says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "engine/checkpoint/architectures.hh"
#include "engine/checkpoint/known_models.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

const Json& public_configs() {
  static const Json all = read_json_file(SPLITWAN_SOURCE_DIR "/tests/fixtures/public_configs.json");
  return all;
}

ModelConfig config_of(const std::string& checkpoint) {
  return read_model_config(ConfigFile("config.json", public_configs().at(checkpoint).at("config")));
}

std::string described(const std::string& checkpoint) {
  const ConfigFile file("config.json", public_configs().at(checkpoint).at("config"));
  try {
    const ModelConfig c = read_model_config(file);
    std::string text =
        fmt::format("{}, {} layers of {}, {} heads of {} on {}", architecture_of(file).model_type, c.layers,
                    c.width, c.heads, c.head_dim, c.kv_heads);
    if (c.sliding_window > 0) text += fmt::format(", window {}", c.sliding_window);
    if (c.rope != RopeScaling{}) text += fmt::format(", {}", to_json(c.rope).at("type").get<std::string>());
    return text;
  } catch (const Error& e) {
    std::string why = e.what();
    if (const auto list = why.find(": expected LlamaForCausalLM"); list != std::string::npos)
      why.resize(list);
    return "refused: " + why;
  }
}

std::string table() {
  std::string text =
      "# Public checkpoints\n\nWhich configs load, and as what: made by a test "
      "(tests/engine/checkpoint/public_configs_test.cc) over "
      "config files as public repositories hold them (tests/fixtures/public_configs.json, with the source of "
      "each). "
      "\"changed\": the copy has keys more or less than the original; \"subset\": some keys only.\n\n"
      "| checkpoint | copy | loads as |\n|---|---|---|\n";
  for (const auto& [name, entry] : public_configs().items())
    text += fmt::format("| {} | {} | {} |\n", name, entry.at("copy").get<std::string>(), described(name));
  return text;
}

TEST(PublicConfigs, load_as_the_table_says) {
  const std::string page = SPLITWAN_SOURCE_DIR "/engine/checkpoint/public_checkpoints.md";
  const std::string made = table();
  if (std::getenv("SPLITWAN_WRITE_TABLES")) write_file(page, made);
  ASSERT_GT(public_configs().size(), 150u);
  EXPECT_EQ(read_text_file(page), made) << "SPLITWAN_WRITE_TABLES=1 writes it anew";
}

TEST(PublicConfigs, what_changes_nothing_is_not_refused) {
  Json config = public_configs().at("mistralai/Devstral-2-123B-Instruct-2512").at("config");
  EXPECT_THAT(tests::error_of([&] { read_model_config(ConfigFile("config.json", config)); }),
              testing::HasSubstr("quantization_config"));
  config.erase("quantization_config");
  const ModelConfig c = read_model_config(ConfigFile("config.json", config));
  EXPECT_EQ(c.query_growth, 0);                  // llama_4_scaling_beta 0
  EXPECT_NEAR(c.rope.turn_scale, 1.4159, 1e-4);  // mscale_all_dim 0: 0.1 ln 64 + 1
}

TEST(PublicConfigs, what_programs_read_differently_is_settled_by_the_key_that_they_share) {
  Json config = public_configs().at("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B").at("config");
  config["rope_scaling"]["attention_factor"] = 1.0;
  EXPECT_EQ(read_model_config(ConfigFile("config.json", config)).rope.turn_scale, 1);
}

TEST(PublicConfigs, models_known_by_name_have_the_arithmetic_that_was_published) {
  const std::pair<const char*, const char*> known[] = {
      {"mistral-7b", "mistralai/Mistral-7B-v0.1"},
      {"mistral-nemo-12b", "mistralai/Mistral-Nemo-Instruct-2407"},
      {"mistral-small-24b", "mistralai/Mistral-Small-3.2-24B-Instruct-2506"},
      {"llama-2-7b", "meta-llama/Llama-2-7b-hf"},
      {"llama-3.1-8b", "meta-llama/Meta-Llama-3.1-8B"},
      {"llama-3.2-1b", "meta-llama/Llama-3.2-1B-Instruct"},
      {"llama-3.2-3b", "meta-llama/Llama-3.2-3B-Instruct"},
      {"llama-70b", "meta-llama/Meta-Llama-3.1-70B"},
      {"llama-405b", "meta-llama/Meta-Llama-3.1-405B"},
      {"qwen2.5-0.5b", "Qwen/Qwen2.5-0.5B"},
      {"qwen2.5-7b", "Qwen/Qwen2.5-7B"},
      {"qwen2.5-32b", "Qwen/Qwen2.5-32B"},
      {"qwen2.5-72b", "Qwen/Qwen2.5-72B"},
      {"qwen3-0.6b", "Qwen/Qwen3-0.6B"},
      {"qwen3-4b", "Qwen/Qwen3-4B"},
      {"qwen3-8b", "Qwen/Qwen3-8B"},
      {"qwen3-14b", "Qwen/Qwen3-14B"},
      {"qwen3-32b", "Qwen/Qwen3-32B"},
      {"gemma-2b", "google/gemma-2b"},
      {"gemma-7b", "google/gemma-7b"},
      {"gemma-2-2b", "google/gemma-2-2b"},
      {"gemma-2-9b", "google/gemma-2-9b"},
      {"gemma-2-27b", "google/gemma-2-27b"},
      {"gemma-3-1b", "google/gemma-3-1b-it"},
      {"gemma-3-4b", "google/gemma-3-4b-it"},
      {"gemma-3-12b", "google/gemma-3-12b-it"},
      {"gemma-3-27b", "google/gemma-3-27b-it"},
      {"phi-3-mini", "microsoft/Phi-3-mini-4k-instruct"},
      {"phi-3-medium", "microsoft/Phi-3-medium-4k-instruct"},
      {"phi-4-mini", "microsoft/Phi-4-mini-instruct"},
      {"smollm3-3b", "HuggingFaceTB/SmolLM3-3B"},
      {"olmo-2-7b", "allenai/OLMo-2-1124-7B"},
      {"olmo-2-13b", "allenai/OLMo-2-1124-13B"},
      {"granite-3.3-8b", "ibm-granite/granite-3.3-8b-instruct"}};
  for (const auto& [name, checkpoint] : known) {
    ModelConfig ours = model_named(name), published = config_of(checkpoint);
    for (ModelConfig* c : {&ours, &published}) {
      c->rope = {};
      c->bos = -1;
      c->eos.clear();
    }
    EXPECT_EQ(ours.context, published.context) << name;
    EXPECT_EQ(geometry(ours), geometry(published)) << name;
    EXPECT_TRUE(ours == published) << name;
  }
}

}  // namespace
}  // namespace splitwan::engine
