// A trained model that writes text, many passages at a time, and says what it thought at every position.
#pragma once

#include <span>

#include "scenarios/train/model.hh"

namespace splitwan::scenarios {

// The corpus's tokens that a passage begins with, and how it goes on.
struct Opening {
  std::vector<engine::Token> ids;
  double temperature = 0;  // 0 = greedy
  std::uint64_t seed = 0;
};

struct Passages {
  int count = 0, context = 0;
  std::vector<engine::Token> ids;  // [count, context + 1]
  std::vector<int> given;          // leading ids that are the opening's
  at::Tensor features;             // f16 [count, context, width]: the last layer's, normed; the head's input
};

class Teacher {
 public:
  explicit Teacher(const std::string& folder);
  const engine::ModelConfig& config() const { return config_; }
  const at::Tensor& head() const { return model_.head; }  // [vocabulary, width]

  // Every opening continued to context + 1 ids. A passage that goes in circles is sampled at temperature 1
  // until it says something new: there is nothing to learn from a loop.
  Passages write(std::span<const Opening>, int context) const;

 private:
  struct Cache;
  at::Tensor step(const at::Tensor& ids, int position, Cache&) const;  // -> [rows, width]
  engine::ModelConfig config_;
  at::Tensor weights_;
  LlamaViews model_;
};

}  // namespace splitwan::scenarios
