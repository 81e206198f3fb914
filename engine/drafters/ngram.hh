// Prompt lookup: what followed these tokens before may follow them again.
#pragma once

#include <memory>

#include "engine/drafters/drafter.hh"

namespace splitwan::engine {

// Pool of n-grams keyed by their first token, seeded from the prompt and grown from the output. Up to
// `candidates` continuations of n - 1 tokens, the most recent first, as branches of one tree (shared
// beginnings are shared rows).
struct NgramOptions {
  int n = 4, candidates = 4;
};
std::unique_ptr<Drafter> make_ngram(NgramOptions);

}  // namespace splitwan::engine
