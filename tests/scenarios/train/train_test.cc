#include <csignal>
#include <thread>

#include "engine/checkpoint/checkpoint.hh"
#include "engine/text/tokenizer.hh"
#include "scenarios/train/recipe.hh"
#include "tests/fixtures/train_fixture.hh"

namespace splitwan::tests {
namespace {

namespace fs = std::filesystem;
using engine::Json;
using scenarios::train;
using scenarios::TrainOptions;

TEST_F(Training, learns_what_the_corpus_repeats) {
  ASSERT_EQ(train(options(recipe(150), "out")), 0);
  const Json losses = result("out").at("validation_loss");
  EXPECT_LT(losses.at("text").get<double>(), 2.0) << "of log(400) = 6.0 at the start";
  EXPECT_LT(losses.at("qa").get<double>(), 3.5);
  EXPECT_EQ(result("out").at("tokens_seen"), 150 * 4 * 32);
}

TEST_F(Training, gives_a_folder_that_the_engine_reads) {
  ASSERT_EQ(train(options(recipe(6), "out")), 0);
  engine::Checkpoint checkpoint(folder_ / "out");
  EXPECT_EQ(checkpoint.config().layers, 2);
  const auto tokenizer = engine::load_tokenizer(folder_ / "out");
  EXPECT_EQ(checkpoint.config().vocabulary, tokenizer->vocabulary());
  EXPECT_NO_THROW(checkpoint.tensor("model.layers.1.mlp.down_proj.weight", {32, 48}));
  const std::string code = "def f(x):\n    return \xE2\x82\xAC\n";
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(code)), code);
  EXPECT_EQ(tokenizer->encode("x\n        y").size(), tokenizer->encode("x\n y").size())
      << "eight spaces are one symbol";
}

TEST_F(Training, resumed_ends_in_the_same_weights_as_uninterrupted) {
  ASSERT_EQ(train(options(recipe(20), "whole")), 0);
  ASSERT_EQ(train(options(recipe(20), "parts", 7)), 0);
  EXPECT_EQ(result("parts").at("steps"), 7);
  ASSERT_EQ(train(options(recipe(20), "parts")), 0);
  EXPECT_TRUE(state("whole") == state("parts"));
}

TEST_F(Training, stopped_by_sigterm_saves_and_resumes) {
  const Json endless = recipe(1'000'000);
  ASSERT_EQ(train(options(endless, "stopped", 2)), 0);
  const fs::path saved = folder_ / "stopped/training/state.json";
  const std::string before = bytes_of(saved);
  TrainOptions running = options(endless, "stopped");
  running.save_minutes = 1e-4;
  std::thread stopper([&] {  // once it saves, its signal handlers are in place
    while (bytes_of(saved) == before) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    kill(getpid(), SIGTERM);
  });
  EXPECT_EQ(train(running), 128 + SIGTERM);
  stopper.join();
  const auto reached = result("stopped").at("steps").get<std::int64_t>();
  EXPECT_GT(reached, 2);
  ASSERT_EQ(train(options(endless, "stopped", reached + 3)), 0);
  ASSERT_EQ(train(options(endless, "straight", reached + 3)), 0);
  EXPECT_TRUE(state("straight") == state("stopped"));
}

TEST_F(Training, continues_from_another_model) {
  ASSERT_EQ(train(options(recipe(80), "first")), 0);
  Json more = recipe(2);
  more.erase("model");
  more.erase("tokenizer");
  more["init"] = "first";
  more["learning_rate"] = 1e-5;
  more["warmup"] = 0;
  ASSERT_EQ(train(options(more, "second")), 0);
  for (const char* name : {"text", "qa"}) {
    EXPECT_NEAR(result("second").at("validation_loss").at(name).get<double>(),
                result("first").at("validation_loss").at(name).get<double>(), 0.02);
  }
}

TEST_F(Training, recipe_errors_name_the_key_and_the_nearest_known_one) {
  const auto error = [&](const char* pointer, const Json& value) {
    Json changed = recipe(10);
    changed[Json::json_pointer(pointer)] = value;
    try {
      scenarios::read_recipe(options(changed, "out").recipe);
    } catch (const engine::Error& e) {
      return std::string(e.what());
    }
    return std::string("(no error)");
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_PRED2(has, error("/learning_rat", 1), "unknown key 'learning_rat'; did you mean 'learning_rate'?");
  EXPECT_PRED2(has, error("/model/widht", 1), "model: unknown key 'widht'; did you mean 'width'?");
  EXPECT_PRED2(has, error("/data/1/format", "csv"), "data[1]: format");
  EXPECT_PRED2(has, error("/warmup", 10), "warmup < steps");
  EXPECT_PRED2(has, error("/steps", "many"), "'steps': expected a whole number");
  EXPECT_PRED2(has, error("/init", "elsewhere"), "either 'init' or 'model'");
}

}  // namespace
}  // namespace splitwan::tests
