// Soft prompts for the binomial mechanism, trained around the demo model and untrained maps.
#include <gmock/gmock.h>

#include "engine/privacy/del_weights.hh"
#include "scenarios/train/del/soft_prompt.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/train_fixture.hh"

namespace splitwan::tests {
namespace {

using engine::Json;
using testing::HasSubstr, testing::Lt, testing::Gt;

class SoftPromptTraining : public Training {
 protected:
  void SetUp() override {
    Training::SetUp();
    Json maps = {{"kind", "del"}, {"model", demo}, {"width", 32},   {"windows", 16}, {"held_out", 2},
                 {"context", 32}, {"batch", 1},    {"inside", 0.9}, {"steps", 1},    {"learning_rate", 1e-6}};
    ASSERT_EQ(scenarios::train(options(maps, "del")), 0);
  }
  Json prompt(int steps) const {
    return {{"kind", "soft-prompt"}, {"model", demo}, {"weights", "del"},    {"mu", 20},
            {"tokens", 8},           {"windows", 24}, {"chosen_on", 6},      {"held_out", 12},
            {"context", 32},         {"batch", 4},    {"evaluate_every", 5}, {"learning_rate", 0.05},
            {"steps", steps}};
  }
  Json said(const std::string& file) const { return engine::read_json_file(folder_ / "del" / file); }
  static inline const std::string demo = SPLITWAN_SOURCE_DIR "/scenarios/demo-model";
  static inline const std::string file = "prompt-mu20-bits4-clean";
};

// Of every row through the mechanism, where a few steps tell: of the prompt's alone a small model loses
// little.
TEST_F(SoftPromptTraining, lowers_the_loss_under_noise_on_text_that_it_did_not_learn_from) {
  Json without = prompt(1), with = prompt(40);
  without["continuation"] = with["continuation"] = "noisy";
  without["noise"] = false;
  with["windows"] = 96, with["held_out"] = 80, with["mu"] = 40, with["patience"] = 8;
  ASSERT_EQ(scenarios::train(options(without, "del")), 0);
  ASSERT_EQ(scenarios::train(options(with, "del")), 0);
  const Json found = said("prompt-mu40-bits4-noisy.json"), perplexity = found["perplexity"];
  EXPECT_THAT(perplexity["trained"].get<double>(), Lt(perplexity["none"].get<double>()));
  EXPECT_THAT(perplexity["maps"].get<double>(), Gt(perplexity["clean"].get<double>()));
  EXPECT_THAT(perplexity["none"].get<double>(), Gt(perplexity["maps"].get<double>()));
  EXPECT_THAT(found["gain"]["over_none"]["low"].get<double>(), Gt(0));
  EXPECT_THAT(found["gain"]["over_noiseless"]["mean"].get<double>(), Gt(0));
  EXPECT_EQ(found["file"], "prompt-mu40-bits4-noisy.safetensors");
  EXPECT_THAT(found["best_step"].get<int>(), Gt(0));
  const auto weights = engine::read_del_weights(folder_ / "del", 128);
  const auto read = engine::read_soft_prompt_for(weights, {40, 4, 32, weights.clip}, "noisy");
  EXPECT_EQ(read.rows, 8);
}

// Windows' gradients are added in one order.
TEST_F(SoftPromptTraining, repeats_bit_for_bit_on_any_number_of_threads) {
  Json recipe = prompt(3);
  recipe["evaluate_every"] = 1;
  ASSERT_EQ(scenarios::train(options(recipe, "one")), 0);
  recipe["threads"] = 3;
  ASSERT_EQ(scenarios::train(options(recipe, "two")), 0);
  EXPECT_TRUE(bytes_of(folder_ / "one" / (file + ".safetensors")) ==
              bytes_of(folder_ / "two" / (file + ".safetensors")));
}

TEST_F(SoftPromptTraining, starts_from_another_s_prompt_and_keeps_it_where_nothing_is_better) {
  ASSERT_EQ(scenarios::train(options(prompt(10), "del")), 0);
  Json next = prompt(10);
  next["start"] = "del/" + file + ".safetensors", next["mu"] = 40, next["learning_rate"] = 1e-9,
  next["minimum_rate"] = 0, next["patience"] = 1;
  ASSERT_EQ(scenarios::train(options(next, "del")), 0);
  EXPECT_TRUE(bytes_of(folder_ / "del" / (file + ".safetensors")) ==
              bytes_of(folder_ / "del/prompt-mu40-bits4-clean.safetensors"));
  EXPECT_EQ(said("prompt-mu40-bits4-clean.json")["steps"], 5) << "patience";
  next["tokens"] = 9;
  EXPECT_THAT(error_of([&] { scenarios::train(options(next, "del")); }),
              HasSubstr("expected 9 rows, the recipe's tokens, found 8"));
}

TEST_F(SoftPromptTraining, stopped_writes_what_it_has) {
  int asked = 0;
  auto o = options(prompt(1000), "del");
  scenarios::train_soft_prompt(scenarios::read_soft_prompt_recipe(o.recipe), o.output,
                               [&] { return ++asked > 3; });
  EXPECT_EQ(said(file + ".json")["steps"], 3);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "del" / (file + ".safetensors")));
}

TEST_F(SoftPromptTraining, refuses_by_name) {
  const auto refusal = [&](const char* key, const Json& value) {
    Json recipe = prompt(1);
    recipe[key] = value;
    return error_of([&] { scenarios::train(options(recipe, "none")); });
  };
  EXPECT_THAT(refusal("continuation", "dirty"),
              HasSubstr("recipe.json: continuation: expected clean or noisy, found dirty"));
  EXPECT_THAT(refusal("bits", 17), HasSubstr("bits: expected 1 to 16, found 17"));
  EXPECT_THAT(refusal("weights", "elsewhere"), HasSubstr("elsewhere/training.json"));
  EXPECT_THAT(refusal("tail", 12), HasSubstr("tail: expected below 12"));
  EXPECT_THAT(refusal("context", 1020), HasSubstr("less the 8 tokens of the prompt, found 1020"));
  EXPECT_THAT(refusal("steps", 0), HasSubstr("steps: expected"));
  EXPECT_THAT(refusal("tokns", 5), HasSubstr("tokns"));
}

}  // namespace
}  // namespace splitwan::tests
