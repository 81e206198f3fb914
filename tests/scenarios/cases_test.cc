// Folders as people reported them, each with what is right (../shared/cases).
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "scenarios/run/run_scenario.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using engine::Token;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

std::string case_folder(const std::string& name) { return tests::shared_folder() + "/cases/" + name; }

struct Done {
  std::vector<Token> prompt;
  engine::Generation generation;
  std::string text;
};

Done generated(const std::string& folder, const std::string& prompt, int tokens = 40) {
  Resources resources;
  Scenario s;
  s.model = folder;
  s.network.kind = NetworkKind::local;
  s.max_new_tokens = tokens;
  Done done;
  done.prompt = prompt_ids(s, resources, {"prompt", "other", prompt, {}});
  done.generation = run_prompt(s, resources, "sequential", {}, done.prompt, {}).generation;
  done.text = resources.tokenizer(folder).decode(done.generation.output);
  return done;
}

constexpr const char* once = "Once upon a time";

class Cases : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT(tests::shared_folder() + "/cases"); }
};

// expected.txt of this case and of generation-config say "... in the park", where the end comes a second
// time: by their own weights it is the likeliest token after "Lily", the 11th, as golden.json of the same
// model has it (426).
TEST_F(Cases, a_fine_tunes_added_token_ends_its_text) {
  const Done done = generated(case_folder("added-tokens"), once);
  EXPECT_EQ(done.text, ", there was a little girl named Lily");
  EXPECT_EQ(done.generation.finish, "eos");
  EXPECT_EQ(done.generation.output.back(), 512);
  EXPECT_EQ(generated(case_folder("added-tokens"), "hi<|im_end|>", 1).prompt.back(), 512);
}

TEST_F(Cases, tokenizer_json_goes_first_and_knows_control_tokens) {
  EXPECT_THAT(generated(case_folder("both-tokenizers"), "One day</s>", 1).prompt,
              ElementsAre(1, 385, 328, 2));
}

TEST_F(Cases, generation_config_says_where_texts_end) {
  const engine::Generation done = generated(case_folder("generation-config"), once).generation;
  EXPECT_EQ(done.output.size(), 11u);
  EXPECT_EQ(done.output.back(), 426);
  EXPECT_EQ(done.finish, "eos");
}

TEST_F(Cases, a_tokenizer_may_put_nothing_before_a_text) {
  EXPECT_THAT(generated(case_folder("no-bos"), once, 1).prompt, ElementsAre(403, 407, 261, 378));
}

TEST_F(Cases, ids_of_a_padded_vocabulary_decode_to_nothing) {
  EXPECT_EQ(generated(case_folder("padded-vocabulary"), once).generation.output.size(), 40u);
}

TEST_F(Cases, what_changes_nothing_is_not_refused) {
  for (const char* name : {"integer-buffer", "pretraining-tp-2", "llama3-rope", "tiktoken-model-beside-json"})
    EXPECT_EQ(generated(case_folder(name), once, 5).generation.output.size(), 5u) << name;
}

TEST_F(Cases, llama_has_no_window_whatever_its_config_says) {
  const std::string folder = case_folder("llama-sliding-window");
  const tests::TemporaryFolder plain;
  for (const auto& entry : fs::directory_iterator(folder))
    fs::copy_file(entry.path(), fs::path(plain.string()) / entry.path().filename());
  engine::Json config = engine::read_json_file(folder + "/config.json");
  ASSERT_TRUE(config.contains("sliding_window"));
  config.erase("sliding_window");
  fs::remove(plain / "config.json");
  engine::write_file(plain / "config.json", config.dump());
  EXPECT_EQ(generated(folder, once).generation.output, generated(plain.string(), once).generation.output);
}

TEST_F(Cases, files_that_are_none_are_named_for_what_they_are) {
  EXPECT_THAT(tests::error_of([] { generated(case_folder("lfs-pointer"), once); }),
              HasSubstr("model.safetensors: a Git LFS pointer, not the file itself"));
}

}  // namespace
}  // namespace splitwan::scenarios
