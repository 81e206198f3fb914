// Maps for the binomial mechanism, trained around the demo model.
#include <gmock/gmock.h>

#include "engine/privacy/projection.hh"
#include "scenarios/train/del/del.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/train_fixture.hh"

namespace splitwan::tests {
namespace {

using engine::Json;
using testing::HasSubstr, testing::Lt, testing::Gt;

class MapsTraining : public Training {
 protected:
  static Json maps(int steps) {
    return {{"kind", "del"},  {"model", SPLITWAN_SOURCE_DIR "/scenarios/demo-model"},
            {"depth", 1},     {"width", 32},
            {"windows", 32},  {"held_out", 8},
            {"context", 32},  {"batch", 4},
            {"steps", steps}, {"learning_rate", 2e-3},
            {"inside", 0.999}};
  }
};

TEST_F(MapsTraining, betters_the_principal_directions_on_text_that_it_did_not_learn_from) {
  ASSERT_EQ(scenarios::train(options(maps(12), "maps")), 0);
  const Json found = result("maps");
  const Json& perplexity = found["perplexity"];
  EXPECT_EQ(found["steps"], 12);
  EXPECT_THAT(perplexity["trained"].get<double>(), Lt(perplexity["principal_directions"].get<double>()));
  EXPECT_THAT(perplexity["trained"].get<double>(), Gt(perplexity["clean"].get<double>()));
  EXPECT_THAT(found["clamped"].get<double>(), Lt(0.02));
  const auto p = engine::read_projection(folder_ / "maps/projection.safetensors", 128);
  EXPECT_EQ(p.width, 32);
}

// Of the model's whole width the directions are all of them, and nothing is lost.
TEST_F(MapsTraining, of_the_full_width_begins_as_the_clean_model) {
  Json recipe = maps(1);
  recipe["width"] = 128, recipe["learning_rate"] = 1e-9, recipe["minimum_rate"] = 0;
  ASSERT_EQ(scenarios::train(options(recipe, "whole")), 0);
  const Json perplexity = result("whole")["perplexity"];
  EXPECT_NEAR(perplexity["principal_directions"].get<double>() / perplexity["clean"].get<double>(), 1, 0.02);
}

TEST_F(MapsTraining, repeats_bit_for_bit) {
  ASSERT_EQ(scenarios::train(options(maps(2), "one")), 0);
  ASSERT_EQ(scenarios::train(options(maps(2), "two")), 0);
  EXPECT_EQ(bytes_of(folder_ / "one/projection.safetensors"),
            bytes_of(folder_ / "two/projection.safetensors"));
}

TEST_F(MapsTraining, refuses_by_name) {
  const auto refusal = [&](const char* key, const Json& value) {
    Json recipe = maps(1);
    recipe[key] = value;
    return error_of([&] { scenarios::train(options(recipe, "none")); });
  };
  EXPECT_THAT(refusal("width", 129), HasSubstr("width: expected at most the model's 128, found 129"));
  EXPECT_THAT(refusal("depth", 12), HasSubstr("depth: expected below the model's 12 layers, found 12"));
  EXPECT_THAT(refusal("context", 4096), HasSubstr("context: expected at most the model's 1024"));
  EXPECT_THAT(refusal("clip", 0), HasSubstr("clip: expected"));
  EXPECT_THAT(refusal("steps", 0), HasSubstr("steps: expected"));
  EXPECT_THAT(refusal("warmup", 5), HasSubstr("warmup: expected below steps"));
  EXPECT_THAT(refusal("widht", 5), HasSubstr("widht"));
}

}  // namespace
}  // namespace splitwan::tests
