// Model folders as Hugging Face writes them.
#include "engine/checkpoint/model_config.hh"

#include <gmock/gmock.h>

#include "engine/base/output_file.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::error_of;
using tests::TemporaryFolder;

const Json llama = {{"architectures", {"LlamaForCausalLM"}},
                    {"model_type", "llama"},
                    {"hidden_size", 768},
                    {"num_hidden_layers", 12},
                    {"intermediate_size", 2048},
                    {"num_attention_heads", 12},
                    {"num_key_value_heads", 4},
                    {"vocab_size", 32000},
                    {"max_position_embeddings", 1024},
                    {"rms_norm_eps", 1e-5},
                    {"rope_theta", 500000.0},
                    {"hidden_act", "silu"},
                    {"attention_bias", false},
                    {"mlp_bias", false},
                    {"rope_scaling", nullptr},
                    {"tie_word_embeddings", true},
                    {"bos_token_id", 1},
                    {"eos_token_id", 2},
                    {"torch_dtype", "bfloat16"},
                    {"pretraining_tp", 1},
                    {"use_cache", true}};

// llama with `changes`; a null change removes the key.
ModelConfig config_with(const Json& changes, const Json& base = llama) {
  const TemporaryFolder folder;
  Json config = base;
  for (const auto& [key, value] : changes.items()) {
    if (value.is_null()) {
      config.erase(key);
    } else {
      config[key] = value;
    }
  }
  write_file(folder / "config.json", config.dump());
  try {
    return read_model_config(folder.string());
  } catch (const Error& e) {  // without the folder, which differs
    const std::string text = e.what(), path = folder / "config.json: ";
    EXPECT_THAT(text, testing::StartsWith(path));
    throw Error("{}", text.substr(path.size()));
  }
}

std::string error_with(const Json& changes) {
  return error_of([&] { config_with(changes); });
}

TEST(ModelConfig, reads_a_llama) {
  const ModelConfig c = config_with({});
  const ModelConfig expected{.layers = 12,
                             .width = 768,
                             .heads = 12,
                             .kv_heads = 4,
                             .head_dim = 64,
                             .ffn = 2048,
                             .vocabulary = 32000,
                             .context = 1024,
                             .sliding_window = 0,
                             .rms_eps = 1e-5,
                             .rope_theta = 500000,
                             .tied = true,
                             .bos = 1,
                             .eos = {2}};
  EXPECT_EQ(c, expected);
  EXPECT_EQ(c.q_width(), 768);
  EXPECT_EQ(c.kv_width(), 256);
}

TEST(ModelConfig, head_dim_may_differ_from_width_over_heads) {  // Mistral NeMo
  const ModelConfig c = config_with({{"architectures", {"MistralForCausalLM"}},
                                     {"hidden_size", 5120},
                                     {"num_attention_heads", 32},
                                     {"num_key_value_heads", 8},
                                     {"head_dim", 128}});
  EXPECT_EQ(c.q_width(), 4096);
  EXPECT_EQ(c.kv_width(), 1024);
  EXPECT_EQ(c.width, 5120);
}

TEST(ModelConfig, what_is_left_out_has_hugging_faces_default) {
  const ModelConfig c = config_with({{"num_key_value_heads", nullptr},
                                     {"rope_theta", nullptr},
                                     {"rms_norm_eps", nullptr},
                                     {"tie_word_embeddings", nullptr},
                                     {"bos_token_id", nullptr},
                                     {"eos_token_id", nullptr},
                                     {"hidden_act", nullptr}});
  EXPECT_EQ(c.kv_heads, 12);
  EXPECT_EQ(c.rope_theta, 10000);
  EXPECT_EQ(c.rms_eps, 1e-6);
  EXPECT_FALSE(c.tied);
  EXPECT_EQ(c.bos, -1);
  EXPECT_THAT(c.eos, IsEmpty());
}

TEST(ModelConfig, sliding_window_and_several_ends_are_read) {
  const auto mistral = [](const Json& window) {
    Json config = {{"architectures", {"MistralForCausalLM"}}};
    config["sliding_window"] = window;
    return config_with(config).sliding_window;
  };
  EXPECT_EQ(mistral(512), 512);
  EXPECT_EQ(mistral(nullptr), 4096);                                     // left out: the class's
  EXPECT_EQ(config_with({{"sliding_window", 4096}}).sliding_window, 0);  // Llama's class has none
  EXPECT_THAT(config_with({{"eos_token_id", {128001, 128009}}}).eos, ElementsAre(128001, 128009));
}

const Json qwen2 = {
    {"architectures", {"Qwen2ForCausalLM"}}, {"sliding_window", 4096}, {"max_window_layers", 8}};

ModelConfig qwen2_with(const Json& changes) {
  Json all = qwen2;
  all.update(changes);
  return config_with(all);
}

TEST(ModelConfig, reads_a_qwen2_with_a_bias_and_without_a_first_token) {
  const ModelConfig c = qwen2_with({{"bos_token_id", 5}});
  EXPECT_TRUE(c.traits.qkv_bias);
  EXPECT_FALSE(config_with({}).traits.qkv_bias);
  EXPECT_EQ(c.bos, -1);
  EXPECT_EQ(geometry(c).at("qkv_bias"), true);
  EXPECT_FALSE(geometry(config_with({})).contains("qkv_bias"));
}

TEST(ModelConfig, qwen2_has_a_window_only_where_it_uses_one) {
  EXPECT_EQ(qwen2_with(Json::object()).sliding_window, 0);
  EXPECT_EQ(qwen2_with({{"use_sliding_window", true}, {"max_window_layers", 12}}).sliding_window, 0);
  EXPECT_EQ(qwen2_with({{"use_sliding_window", true}, {"max_window_layers", 0}}).sliding_window, 4096);
  const auto error = [](const Json& changes) { return error_of([&] { qwen2_with(changes); }); };
  const ModelConfig late = qwen2_with({{"use_sliding_window", true}});  // from layer 8 on
  EXPECT_EQ(late.window(7), 0);
  EXPECT_EQ(late.window(8), 4096);
  EXPECT_EQ(geometry(late).at("full_layers"), Json({0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_THAT(error({{"use_sliding_window", true}, {"layer_types", Json::array({"full_attention"})}}),
              HasSubstr("'layer_types': expected a list of 12 texts, one for each layer, found 1"));
  EXPECT_THAT(error({{"dual_chunk_attention_config", {{"chunk_size", 262144}}}}),
              HasSubstr("'dual_chunk_attention_config'"));
  EXPECT_THAT(error({{"attention_bias", true}}), HasSubstr("'attention_bias'"));
}

TEST(ModelConfig, is_known_by_model_type_when_no_architecture_is_named) {
  EXPECT_EQ(config_with({{"architectures", nullptr}, {"model_type", "mistral"}}).layers, 12);
  EXPECT_THAT(
      error_with({{"architectures", nullptr}, {"model_type", "gpt2"}}),
      AllOf(HasSubstr("unknown architecture \"gpt2\": expected LlamaForCausalLM, MistralForCausalLM, "),
            EndsWith(" or GraniteForCausalLM")));
  EXPECT_THAT(error_with({{"architectures", nullptr}, {"model_type", 3}}),
              HasSubstr("unknown architecture 3"));
  EXPECT_THAT(error_with({{"architectures", nullptr}, {"model_type", nullptr}}),
              HasSubstr("architecture none"));
}

TEST(ModelConfig, newer_spellings_of_the_same_arithmetic_are_read) {
  const Json parameters = {{"rope_theta", 250000.0}, {"rope_type", "default"}};
  EXPECT_EQ(config_with({{"rope_theta", nullptr}, {"rope_parameters", parameters}}).rope_theta, 250000);
  EXPECT_EQ(config_with({{"rope_scaling", {{"rope_type", "default"}}}}).rope_theta, 500000);
  EXPECT_EQ(config_with({{"rope_parameters", {{"rope_theta", 500000}, {"rope_type", "default"}}}}).rope_theta,
            500000);
  EXPECT_EQ(config_with({{"layer_types", {"full_attention", "full_attention"}}}).layers, 12);
  EXPECT_EQ(config_with({{"torch_dtype", nullptr}, {"dtype", "float16"}}), config_with({}));
}

TEST(ModelConfig, every_key_that_changes_the_arithmetic_is_refused) {
  EXPECT_THAT(error_with({{"rope_scaling", {{"rope_type", "mrope"}}}}),
              HasSubstr("\"mrope\" is not implemented"));
  const Json refused = {
      {"hidden_act", "gelu"},           {"quantization_config", {{"quant_method", "gptq"}}},
      {"partial_rotary_factor", 0.5},   {"final_logit_softcapping", 30.0},
      {"attn_logit_softcapping", 50.0}, {"num_local_experts", 8},
      {"attention_multiplier", 0.1},    {"layer_types", {"full_attention", "sliding_attention"}}};
  for (const auto& [key, value] : refused.items()) {
    EXPECT_THAT(error_with({{key, value}}),
                AllOf(HasSubstr("'" + key + "'"), HasSubstr("is not implemented")))
        << key;
  }
  EXPECT_EQ(error_with({{"hidden_act", "gelu"}}),
            "key 'hidden_act': \"gelu\" is not implemented (expected \"silu\")");
  EXPECT_THAT(error_with({{"rope_parameters", {{"rope_theta", 1e4}, {"rope_type", "default"}}}}),
              AllOf(HasSubstr("rope_theta is 500000"), HasSubstr("10000")));
}

TEST(ModelConfig, unknown_architectures_are_named) {
  EXPECT_THAT(error_with({{"architectures", {"GPT2LMHeadModel"}}}),
              HasSubstr("unknown architecture [\"GPT2LMHeadModel\"]: expected LlamaForCausalLM, "));
}

TEST(ModelConfig, missing_keys_are_named) {
  for (const char* key :
       {"num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size"}) {
    EXPECT_EQ(error_with({{key, nullptr}}), fmt::format("key '{}' is missing", key));
  }
}

TEST(ModelConfig, impossible_values_are_named) {
  EXPECT_EQ(error_with({{"hidden_size", "wide"}}),
            "key 'hidden_size': expected a positive integer, found \"wide\"");
  for (const Json& bad : {Json(0), Json(-4), Json(1.5), Json(true), Json(1e18), Json::array({4})}) {
    EXPECT_THAT(error_with({{"num_hidden_layers", bad}}),
                HasSubstr("'num_hidden_layers': expected a positive integer"));
  }
  EXPECT_THAT(error_with({{"rms_norm_eps", -1}}),
              HasSubstr("'rms_norm_eps': expected a positive number, found -1"));
  EXPECT_THAT(error_with({{"rope_theta", "big"}}), HasSubstr("'rope_theta': expected a positive number"));
  EXPECT_THAT(error_with({{"tie_word_embeddings", 1}}),
              HasSubstr("'tie_word_embeddings': expected true or false"));
  for (const Json& bad : {Json("</s>"), Json(true), Json(-1), Json(2.5), Json(1ull << 40)}) {
    EXPECT_THAT(error_with({{"eos_token_id", bad}}),
                HasSubstr("'eos_token_id': expected a token id or a list"));
  }
  EXPECT_THAT(error_with({{"hidden_size", 770}}),
              HasSubstr("770 is not a multiple of num_attention_heads 12"));
  EXPECT_THAT(error_with({{"num_key_value_heads", 5}}),
              HasSubstr("12 is not a multiple of num_key_value_heads 5"));
  EXPECT_THAT(error_with({{"head_dim", 63}}), HasSubstr("head_dim 63 is odd"));
  // 134217732 heads of 32 are 128 in 32 bits.
  EXPECT_THAT(error_with({{"num_attention_heads", 134217732}, {"num_key_value_heads", 1}, {"head_dim", 32}}),
              HasSubstr("num_attention_heads x head_dim: expected at most 16777216, found 4294967424"));
  EXPECT_THAT(error_with({{"bos_token_id", 32000}}), HasSubstr("bos_token_id 32000 is outside"));
}

TEST(ModelConfig, a_file_that_is_absent_or_no_object_is_named) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { read_model_config(folder.string()); }),
              EndsWith("config.json: cannot be opened"));
  write_file(folder / "config.json", "[]");
  EXPECT_THAT(error_of([&] { read_model_config(folder.string()); }),
              EndsWith("config.json: expected a JSON object"));
}

}  // namespace
}  // namespace splitwan::engine
