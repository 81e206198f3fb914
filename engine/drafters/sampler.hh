// Which token the model puts next. A draw is a function of (logits, path, seed): decoding one by one and any
// way of guessing ahead draw the same tokens, so speculation is lossless whatever it guesses.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/sampling.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

class Sampler {
 public:
  explicit Sampler(const Sampling& options = {}) : options_(options) {}
  const Sampling& options() const { return options_; }

  // The token after `path` (prompt and output so far): the best score, the smallest id of equal ones.
  Token choose(std::span<const float> logits, std::span<const Token> path) const;

  // Greedy: logits after the penalty. Else log probability, after penalty, temperature, top-k, top-p and
  // min-p in this order, plus Gumbel noise of (seed, position, token); -infinity = filtered out. The best one
  // is distributed as the probabilities say (Gumbel-max). A drafter that scores its own logits so shares the
  // target's luck.
  // Tokens with less than `least_share` of the best one's probability are filtered out too, and cost no draw:
  // for drafters.
  void scores(std::span<const float> logits, std::span<const Token> path, std::vector<float>& out,
              double least_share = 0) const;

 private:
  Sampling options_;
};

}  // namespace splitwan::engine
