// Guesses; the model disposes. A wrong guess costs rows, never correctness.
#pragma once

#include <memory>
#include <string>

#include "engine/types.hh"

namespace splitwan::engine {

class Drafter {
 public:
  virtual ~Drafter() = default;
  // The next step's tree. Row 0 is the last token of `context`, the only one the model has not seen; no path
  // is longer than 1 + `room` rows.
  virtual TokenBatch propose(std::span<const Token> context, int room) = 0;
};

std::unique_ptr<Drafter> make_sequential();

// Pool of n-grams keyed by their first token, seeded from the prompt and grown from the output. Up to
// `candidates` continuations of n - 1 tokens, the most recent first, as branches of one tree (shared
// beginnings are shared rows).
struct NgramOptions {
  int n = 4, candidates = 4;
};
std::unique_ptr<Drafter> make_ngram(NgramOptions);

// "sequential", "ngram" (n = 4), "ngram-3" .. "ngram-7". Throws Error on anything else.
std::unique_ptr<Drafter> make_drafter(const std::string& name);

}  // namespace splitwan::engine
