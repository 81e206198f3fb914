// The one list of a model's tensors, and that nobody keeps another.
#include "engine/checkpoint/tensors.hh"

#include <gmock/gmock.h>

#include <fstream>

#include "engine/base/json_file.hh"
#include "engine/checkpoint/checkpoint.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

namespace fs = std::filesystem;

ModelConfig small(bool bias, bool tied) {
  return {.layers = 2,
          .width = 8,
          .heads = 4,
          .kv_heads = 2,
          .head_dim = 2,
          .ffn = 12,
          .vocabulary = 20,
          .tied = tied,
          .traits = {.qkv_bias = bias}};
}

std::vector<std::string> names_of(const ModelConfig& c) {
  std::vector<std::string> names;
  for (const TensorSpec& spec : tensors_of(c)) names.push_back(spec.name);
  return names;
}

TEST(Tensors, have_hugging_faces_names_and_shapes) {
  EXPECT_THAT(
      names_of(small(true, false)),
      testing::IsSupersetOf({"model.embed_tokens.weight", "model.layers.1.self_attn.q_proj.weight",
                             "model.layers.1.self_attn.v_proj.bias", "model.layers.0.mlp.down_proj.weight",
                             "model.norm.weight", "lm_head.weight"}));
  const auto shape = [](Role role) { return tensor_of(small(true, false), role, 0).shape; };
  EXPECT_THAT(shape(Role::k), testing::ElementsAre(4, 8));
  EXPECT_THAT(shape(Role::q_bias), testing::ElementsAre(8));
  EXPECT_THAT(shape(Role::down), testing::ElementsAre(8, 12));
}

TEST(Tensors, are_nine_a_layer_and_three_more_with_a_bias) {
  EXPECT_EQ(names_of(small(false, false)).size(), 3u + 2 * 9);
  EXPECT_EQ(names_of(small(true, false)).size(), 3u + 2 * 12);
}

TEST(Tensors, of_a_tied_model_have_the_embedding_for_a_head) {
  const ModelConfig tied = small(false, true);
  EXPECT_EQ(names_of(tied).size(), 2u + 2 * 9);
  EXPECT_EQ(tensor_of(tied, Role::head).name, tensor_of(tied, Role::embedding).name);
}

TEST(Tensors, that_a_family_needs_and_a_checkpoint_lacks_are_named) {
  const tests::TemporaryFolder folder;
  tests::write_random_model(folder.string());
  Json config = read_json_file(folder / "config.json");
  config["architectures"] = {"Qwen2ForCausalLM"};
  std::ofstream(folder / "config.json") << config;
  Checkpoint checkpoint(folder.string());
  EXPECT_THAT(tests::error_of([&] { checkpoint.tensor(Role::v_bias, 1); }),
              testing::HasSubstr("tensor 'model.layers.1.self_attn.v_proj.bias' is missing"));
}

TEST(Tensors, are_named_in_one_file_of_the_product) {
  const std::string root = SPLITWAN_SOURCE_DIR;
  std::vector<std::string> found;
  for (const char* room : {"engine", "netsim", "model", "analysis", "scenarios"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root + "/" + room)) {
      const auto extension = entry.path().extension();
      if (extension != ".cc" && extension != ".hh") continue;
      std::ifstream in(entry.path());
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      for (const char* name : {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
                               "embed_tokens", "lm_head", "layernorm", "model.layers.", "model.norm"}) {
        if (text.find(name) == std::string::npos) continue;
        found.push_back(fs::relative(entry.path(), root));
        break;
      }
    }
  }
  EXPECT_THAT(found, testing::ElementsAre("engine/checkpoint/tensors.cc"));
}

}  // namespace
}  // namespace splitwan::engine
