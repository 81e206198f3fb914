// A small model with the target's vocabulary guesses; its tokens never leave the client.
#pragma once

#include <memory>

#include "engine/drafters/drafter.hh"
#include "engine/drafters/sampler.hh"

namespace splitwan::engine {

class ModelEnds;

// The `rows` nodes, root included, that the draft model holds most likely to be on the target's path: best
// first by cumulative probability, at most `branches` children a node, level by level (as EAGLE-2, arXiv
// 2406.16858, but in the client's own small model). Rows are in order of likelihood: any first part of the
// tree is the best one of its size.
struct DraftTreeOptions {
  int rows = 16;
  int depth = 12;      // guesses on one path at most
  int branches = 8;    // 1: a chain
  int frontier = 12;   // nodes that a level expands at most
  int length = 0;      // positions that the text is planned to reach
  int vocabulary = 0;  // the target's: no guess lies beyond; 0 = the draft model's own
};
// `model` holds all its layers. Both must outlive the drafter.
std::unique_ptr<Drafter> make_draft_tree(const ModelEnds& model, const Sampler&, DraftTreeOptions);

}  // namespace splitwan::engine
