// What searches over whole texts share: the model's prediction after every hypothesis, and what came.
#pragma once

#include "analysis/attacks/mechanism/scene.hh"

namespace splitwan::attacks {

// Tokens of the rows so far, the first one known.
using Tokens = std::vector<Token>;

// Hypotheses are paths of one tree, so that all of a step share every product. Rows of those that were
// dropped stay, and cost nothing but their place.
class Predictions {
 public:
  Predictions(const Pieces&, Token first);

  // ln P(next) after each of the step's hypotheses: [hypotheses, vocabulary], double.
  const at::Tensor& next() const { return next_; }
  // The next step's: token i follows the step's hypothesis parent[i].
  void extend(std::span<const Token>, std::span<const std::int32_t> parent);

 private:
  void run(std::span<const Token>);
  const Pieces& pieces_;
  Session session_;
  std::int32_t rows_ = 0, step_ = 0;  // of the tree; where the step's begin
  at::Tensor next_;
};

// ln P(row came | token) after each hypothesis: [hypotheses or 1, vocabulary]. Behind layers every token is
// tried after the first hypothesis, the best; after the others only those `shortlist` that would be the
// likeliest if the row were what it is after the best: a cut like a beam's own.
at::Tensor likelihoods(const Scene&, const Sent&, std::int64_t row, const std::vector<Tokens>& hypotheses,
                       const at::Tensor& prior, int shortlist);

}  // namespace splitwan::attacks
