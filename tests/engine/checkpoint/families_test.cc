// Which layers see and turn how in each family, old and new spellings of one config, and what is refused.
#include <gmock/gmock.h>

#include "engine/checkpoint/checkpoint.hh"
#include "tests/fixtures/stated_model.hh"

namespace splitwan::engine {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using tests::error_of;
using tests::stated_model;

TEST(Families, give_each_layer_its_kind) {
  const Json kinds = read_json_file(SPLITWAN_SOURCE_DIR "/tests/fixtures/rope_norms.json")["layer_kinds"];
  const std::map<std::string, const char*> families = {{"gemma2_26", "Gemma2ForCausalLM"},
                                                       {"gemma3_26", "Gemma3ForCausalLM"},
                                                       {"smollm3_36", "SmolLM3ForCausalLM"},
                                                       {"olmo3_32", "Olmo3ForCausalLM"}};
  int compared = 0;
  for (const auto& [name, expected] : kinds.items()) {
    SCOPED_TRACE(name);
    const int layers = static_cast<int>(expected.size());
    const ModelConfig c =
        stated_model({{"architectures", {families.at(name)}}, {"num_hidden_layers", layers}});
    for (int i = 0; i < layers; ++i, ++compared) {
      const std::string kind = expected[i];
      if (kind == "RoPE" || kind == "NoPE")
        EXPECT_EQ(c.kind(i).turn, kind == "RoPE" ? Turn::main : Turn::none) << i;
      else
        EXPECT_EQ(c.window(i) > 0, kind == "S") << i;
    }
  }
  EXPECT_EQ(compared, 26 + 26 + 36 + 32);
}

TEST(Families, old_and_new_spellings_of_a_config_are_one_model) {
  const std::string all = tests::shared_folder() + "/models/families";
  SKIP_WITHOUT(all);
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(all)) {
    const auto newer = entry.path() / "config.v5.json";
    if (!std::filesystem::exists(newer)) continue;
    const tests::TemporaryFolder folder;
    std::filesystem::copy_file(newer, folder / "config.json");
    EXPECT_EQ(read_model_config(folder.string()), read_model_config(entry.path())) << entry.path();
    ++compared;
  }
  EXPECT_EQ(compared, 7);
}

TEST(Families, what_a_config_leaves_out_is_its_classes) {
  const ModelConfig gemma = stated_model({{"architectures", {"Gemma2ForCausalLM"}}, {"head_dim", nullptr}});
  EXPECT_TRUE(gemma.tied);
  EXPECT_EQ(gemma.score_cap, 50);
  EXPECT_EQ(gemma.logits_cap, 30);
  EXPECT_EQ(gemma.context, 8192);
  EXPECT_EQ(stated_model({{"architectures", {"SmolLM3ForCausalLM"}}}).rope_theta, 2e6);
  EXPECT_EQ(stated_model({{"architectures", {"Ministral3ForCausalLM"}}}).rope.type, "yarn");
}

TEST(Families, a_model_beside_an_image_encoder_is_its_text_config) {
  const Json text = {
      {"model_type", "gemma3_text"}, {"hidden_size", 2560},
      {"num_hidden_layers", 34},     {"intermediate_size", 10240},
      {"sliding_window", 1024},      {"rope_scaling", {{"rope_type", "linear"}, {"factor", 8.0}}}};
  const Json whole = {{"architectures", {"Gemma3ForConditionalGeneration"}},
                      {"eos_token_id", {1, 106}},
                      {"text_config", text},
                      {"vision_config", Json::object()}};
  const ModelConfig c = stated_model(whole);
  EXPECT_EQ(c.heads, 8);
  EXPECT_EQ(c.kv_heads, 4);
  EXPECT_EQ(c.head_dim, 256);
  EXPECT_EQ(c.vocabulary, 262208);
  EXPECT_EQ(c.rope.factor, 8);
  EXPECT_EQ(c.rope_theta, 1e6);
  EXPECT_EQ(c.local_theta, 1e4);
  EXPECT_THAT(c.eos, testing::ElementsAre(1, 106));
  Json quantized = whole;
  quantized["quantization_config"] = {{"quant_method", "fp8"}};
  EXPECT_THAT(error_of([&] { stated_model(quantized); }),
              AllOf(HasSubstr("text_config: key 'quantization_config'"), HasSubstr("is not implemented")));
}

TEST(Families, refuse_what_they_do_not_compute_by_name) {
  const auto error = [](const char* family, const Json& more) {
    Json config = {{"architectures", {family}}};
    config.update(more);
    return error_of([&] { stated_model(config); });
  };
  EXPECT_THAT(error("Gemma3ForCausalLM", {{"use_bidirectional_attention", true}}),
              HasSubstr("'use_bidirectional_attention': true is not implemented"));
  EXPECT_THAT(error("Gemma2ForCausalLM", {{"hidden_activation", "gelu"}}),
              HasSubstr("'hidden_activation': \"gelu\" is not implemented (expected \"gelu_pytorch_tanh\")"));
  EXPECT_THAT(error("MistralForCausalLM", {{"attention_bias", true}}), HasSubstr("'attention_bias'"));
  EXPECT_THAT(error("Qwen3ForCausalLM", {{"mlp_bias", true}}), HasSubstr("'mlp_bias'"));
  EXPECT_THAT(error("LlamaForCausalLM", {{"partial_rotary_factor", 0.5}}),
              HasSubstr("'partial_rotary_factor'"));
  EXPECT_THAT(error("SmolLM3ForCausalLM", {{"no_rope_layers", {1, 0}}}),
              HasSubstr("'no_rope_layers': expected a list of 8 numbers, one for each layer, found 2"));
  EXPECT_THAT(error("Olmo2ForCausalLM", {{"layer_types", Json::array({"sliding_attention"})}}),
              HasSubstr("'layer_types'"));
  EXPECT_THAT(error("GraniteForCausalLM", {{"num_local_experts", 40}}), HasSubstr("'num_local_experts'"));
}

TEST(Families, what_is_neutral_is_not_refused) {
  const ModelConfig plain = stated_model(Json::object());
  for (const Json& neutral : {Json{{"pretraining_tp", 2}}, Json{{"partial_rotary_factor", 1}},
                              Json{{"rope_scaling", {{"type", "linear"}, {"factor", 1.0}}}},
                              Json{{"logits_scaling", 1.0}}, Json{{"attention_dropout", 0.0}}})
    EXPECT_EQ(stated_model(neutral), plain) << neutral;
}

TEST(Families, a_layers_tensor_that_nobody_reads_is_named) {
  const tests::TemporaryFolder folder;
  tests::write_random_model(folder.string(), {{"architectures", {"Qwen2ForCausalLM"}}});
  Json config = read_json_file(folder / "config.json");
  config["architectures"] = {"LlamaForCausalLM"};
  write_file(folder / "config.json", config.dump());
  EXPECT_THAT(error_of([&] { Checkpoint checkpoint(folder.string()); }),
              AllOf(HasSubstr("tensor 'model.layers.0.self_attn.k_proj.bias'"),
                    HasSubstr("is none that a layer of this family reads")));
}

}  // namespace
}  // namespace splitwan::engine
