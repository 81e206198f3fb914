// A corpus with something to learn, and recipes for models of some thousand parameters.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/error.hh"
#include "engine/json_file.hh"
#include "scenarios/train.hh"

namespace splitwan::tests {

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream whole;
  whole << in.rdbuf();
  return whole.str();
}

class Training : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) / fmt::format("train-{}", getpid());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::string text, pairs;
    unsigned state = 7;
    const auto random = [&](unsigned below) {
      return (state = state * 1664525u + 1013904223u) / 65536u % below;
    };
    const char *who[] = {"the cat", "a dog", "one bird"}, *what[] = {"sees", "likes", "follows"};
    for (int i = 0; i < 900; ++i) {
      text += fmt::format("def f{}():\n    return {}\n{} {} {}.\n", random(9), random(90), who[random(3)],
                          what[random(3)], who[random(3)]);
      const unsigned a = random(20), b = random(20);
      pairs += engine::Json{{"question", fmt::format("{} + {}?", a, b)}, {"answer", std::to_string(a + b)}}
                   .dump() +
               "\n";
    }
    std::ofstream(folder_ / "text.txt") << text;
    std::ofstream(folder_ / "pairs.jsonl") << pairs;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  engine::Json recipe(std::int64_t steps) const {
    return {{"model",
             {{"layers", 2},
              {"width", 32},
              {"heads", 4},
              {"kv_heads", 2},
              {"head_dim", 8},
              {"ffn", 48},
              {"context", 64}}},
            {"tokenizer", {{"train", {{"vocabulary", 400}}}}},
            {"data",
             {{{"name", "text"}, {"path", "text.txt"}, {"weight", 0.7}},
              {{"name", "qa"}, {"path", "pairs.jsonl"}, {"weight", 0.3}, {"format", "jsonl-qa"}}}},
            {"context", 32},
            {"batch", 4},
            {"steps", steps},
            {"warmup", 4},
            {"learning_rate", 3e-3},
            {"seed", 5},
            {"threads", 1}};
  }
  scenarios::TrainOptions options(const engine::Json& recipe, const std::string& output,
                                  std::int64_t stop_at = 0) const {
    std::ofstream(folder_ / "recipe.json") << recipe.dump();
    scenarios::TrainOptions o;
    o.recipe = folder_ / "recipe.json";
    o.output = folder_ / output;
    o.stop_at = stop_at;
    return o;
  }
  engine::Json result(const std::string& output) const {
    return engine::read_json_file(folder_ / output / "training.json");
  }
  // Everything that a run's future depends on, and the model.
  std::string state(const std::string& output) const {
    std::string all = bytes_of(folder_ / output / "model.safetensors");
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / output / "training")) {
      if (entry.path().extension() == ".safetensors")
        all += entry.path().filename().string() + bytes_of(entry.path());
    }
    return all;
  }

  std::filesystem::path folder_;
};

}  // namespace splitwan::tests
