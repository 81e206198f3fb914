// Training on what a teacher writes and thinks.
#include <gmock/gmock.h>

#include "scenarios/train/model.hh"
#include "scenarios/train/recipe.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/train_fixture.hh"

namespace splitwan::tests {
namespace {

using engine::Json;
using scenarios::train;
using scenarios::TrainOptions;

class Imitation : public Training {
 protected:
  void SetUp() override {
    Training::SetUp();
    ASSERT_EQ(train(options(recipe(150), "teacher")), 0);
  }
  // A draft of half the teacher's width and layers.
  Json draft(std::int64_t steps) const {
    Json json = recipe(steps);
    json["model"].update({{"layers", 1}, {"width", 16}, {"heads", 2}, {"kv_heads", 1}, {"ffn", 24}});
    json["tokenizer"] = "teacher/tokenizer.model";
    json["teacher"] = {{"model", "teacher"}, {"windows", 256}, {"prompt_tokens", {2, 8}}};
    json["learning_rate"] = 1e-2;
    return json;
  }
  double top1(const std::string& output, const char* source, const char* decoding) const {
    return result(output).at("teacher_agreement").at(source).at(decoding).at("top1").get<double>();
  }
};

TEST_F(Imitation, a_draft_learns_what_its_teacher_writes) {
  ASSERT_EQ(train(options(draft(250), "after")), 0);
  ASSERT_EQ(train(options(draft(250), "before", 1)), 0);
  for (const char* decoding : {"greedy", "temperature 0.8"}) {
    const Json figures = result("after").at("teacher_agreement").at("text").at(decoding);
    EXPECT_GT(figures.at("top1").get<double>(), top1("before", "text", decoding) + 0.3);
    EXPECT_GT(figures.at("top4").get<double>(), figures.at("top1").get<double>());
  }
  EXPECT_LT(result("after").at("training_loss").get<double>(),
            0.5 * result("before").at("training_loss").get<double>());
}

TEST_F(Imitation, the_teacher_agrees_with_itself_always) {
  Json same = draft(3);
  same.erase("model");
  same.erase("tokenizer");
  same["init"] = "teacher";
  same["warmup"] = 0;
  same["learning_rate"] = 1e-9;
  ASSERT_EQ(train(options(same, "same")), 0);
  EXPECT_LT(result("same").at("training_loss").get<double>(), 1e-5);
  EXPECT_EQ(top1("same", "text", "greedy"), 1);
  // 9 = 8 guesses and the teacher's own token; a window's end cuts the last step.
  EXPECT_GE(result("same").at("teacher_agreement").at("text").at("greedy").at("tokens_per_step_chain"), 8);
}

TEST_F(Imitation, resumed_ends_in_the_same_weights_as_uninterrupted) {
  ASSERT_EQ(train(options(draft(20), "whole")), 0);
  ASSERT_EQ(train(options(draft(20), "parts", 7)), 0);
  ASSERT_EQ(train(options(draft(20), "parts")), 0);
  EXPECT_TRUE(state("whole") == state("parts"));
  EXPECT_TRUE(bytes_of(folder_ / "whole/training/lessons/0000.safetensors") ==
              bytes_of(folder_ / "parts/training/lessons/0000.safetensors"));
}

TEST_F(Imitation, lessons_of_another_recipe_are_refused) {
  ASSERT_EQ(train(options(draft(6), "out", 2)), 0);
  Json other = draft(6);
  other["teacher"]["text_temperatures"] = {1.0};
  EXPECT_THAT(error_of([&] { train(options(other, "out")); }),
              testing::HasSubstr("lessons/origin.json: expected"));
  Json more = draft(6);
  more["teacher"]["windows"] = 300;
  more["teacher"]["weight"] = 0.5;
  EXPECT_EQ(train(options(more, "out")), 0) << "more of the same, weighed differently";
}

TEST_F(Imitation, a_teacher_of_another_tokenizer_is_refused) {
  Json stranger = draft(6);
  stranger["tokenizer"] = {{"train", {{"vocabulary", 380}}}};
  EXPECT_THAT(error_of([&] { train(options(stranger, "out")); }),
              testing::HasSubstr("teacher/tokenizer.model: expected the tokenizer of the model in training"));
}

TEST_F(Training, recipe_errors_of_a_teacher_name_the_key) {
  const auto error = [&](const char* key, const Json& value) {
    Json changed = recipe(10);
    changed["teacher"] = {{"model", "teacher"}, {"windows", 10}, {"prompt_tokens", {2, 8}}};
    changed["teacher"][key] = value;
    return error_of([&] { scenarios::read_recipe(options(changed, "out").recipe); });
  };
  using testing::HasSubstr;
  EXPECT_EQ(error("weight", 0.5), "");
  EXPECT_THAT(error("weigth", 1), HasSubstr("teacher: unknown key 'weigth'; did you mean 'weight'?"));
  EXPECT_THAT(error("weight", 1.5), HasSubstr("teacher: weight: expected more than 0 and at most 1"));
  EXPECT_THAT(error("temperature", 0), HasSubstr("teacher: temperature: expected a positive number"));
  EXPECT_THAT(error("windows", 0), HasSubstr("teacher: windows: expected a positive number"));
  EXPECT_THAT(error("corpus_share", -0.1), HasSubstr("teacher: corpus_share: expected 0 to 1"));
  EXPECT_THAT(error("text_temperatures", {-1.0}), HasSubstr("teacher: text_temperatures: expected a list"));
  EXPECT_THAT(error("prompt_tokens", {9, 8}),
              HasSubstr("teacher: prompt_tokens: expected [shortest, longest]"));
  EXPECT_THAT(error("prompt_tokens", {2, 32}), HasSubstr("teacher.prompt_tokens below context"));
}

TEST(DemoDraft, is_at_most_an_eighth_of_the_demo_model_and_shares_its_tokenizer) {
  const std::string folder = SPLITWAN_SOURCE_DIR "/scenarios/";
  const auto parameters = [&](const char* model) {
    return scenarios::elements_of(scenarios::layout_of(engine::read_model_config(folder + model)));
  };
  EXPECT_LE(8 * parameters("demo-draft"), parameters("demo-model"));
  EXPECT_TRUE(bytes_of(folder + "demo-draft/tokenizer.model") ==
              bytes_of(folder + "demo-model/tokenizer.model"));
}

}  // namespace
}  // namespace splitwan::tests
