// Lookahead decoding (Fu et al. 2024, "Break the Sequential Dependency of LLM Inference Using Lookahead
// Decoding", arXiv 2402.02057): the model's own Jacobi trajectories, cut into n-grams, are its guesses.
#pragma once

#include <memory>

#include "engine/drafters/drafter.hh"

namespace splitwan::engine {

// The paper's W, N and G. One tree holds both branches (its section 3.3):
//   verification: up to `candidates` n-grams of the pool that begin with the last token, below row 0;
//   lookahead: n - 1 levels of `window` columns. Level 0 is a chain below row 0 and level l of a column
//   follows level l - 1 of it, so that a row sees what the paper's mask shows it, at the paper's position.
// What the model puts after the last level ends one n-gram per column for the pool, and is the next window's
// last level, whose first level goes.
struct LookaheadOptions {
  int window = 15, n = 5, candidates = 15;
};
std::unique_ptr<Drafter> make_lookahead(LookaheadOptions);

}  // namespace splitwan::engine
