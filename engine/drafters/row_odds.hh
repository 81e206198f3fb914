// How often the k-th row of a drafter's tree is on the model's path, whether the tree was sent or not: the
// text tells afterwards.
#pragma once

#include "engine/drafters/drafter.hh"

namespace splitwan::engine {

class RowOdds {
 public:
  // Until trees have been judged, row k is on the path with probability `promise` / k.
  explicit RowOdds(double promise) : promise_(promise) {}

  // `truth`: what came after the tree's row 0. False when it ends before the tree can be judged.
  bool judge(const TokenBatch&, std::span<const Token> truth);
  // A step's tokens, expected of the first `rows` rows of a tree.
  double tokens(int rows) const;

 private:
  struct Row {
    double seen = 0, kept = 0;
  };
  double share(std::size_t row) const;
  double promise_;
  std::vector<Row> rows_;
  Row all_;  // of all rows, where row k of a tree counts as 1 / k seen
};

}  // namespace splitwan::engine
