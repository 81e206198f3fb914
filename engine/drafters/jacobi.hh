// Jacobi decoding (Santilli et al. 2023, "Accelerating Transformer Inference for Translation via Parallel
// Decoding", arXiv 2305.10427): guess a block, let the model correct every token of it at once, repeat.
#pragma once

#include <memory>

#include "engine/drafters/drafter.hh"

namespace splitwan::engine {

// A block of `block` guesses is iterated until it no longer changes, then the next one is begun. Each
// iteration fixes at least its first open token.
struct JacobiOptions {
  int block = 8;
};
std::unique_ptr<Drafter> make_jacobi(JacobiOptions);

}  // namespace splitwan::engine
