// Trying tokens against a state, one position after the other, with the prefix found so far: what both exact
// attacks share. Row i of a causal model depends on tokens 0 to i only, so that a text of N tokens costs N
// times the vocabulary at worst, not its N-th power.
#pragma once

#include "analysis/attacks/exam/documents.hh"

namespace splitwan::attacks {

// The attacker's copy of the layers up to the cut. Candidates of a position are one step: branches without
// children, which share the prefix's cache.
class Prefix {
 public:
  Prefix(const Pieces&, Cut, int depth, const engine::Codec*);

  // What the server would see of each candidate as the next token: [candidates, width].
  at::Tensor try_tokens(std::span<const Token>);
  void accept(Token);
  std::uint64_t rows() const { return rows_; }  // taken through the layers so far

 private:
  const Pieces& pieces_;
  Cut cut_;
  int depth_, end_;
  const engine::Codec* wire_;  // its rounding is no secret: candidates are rounded alike
  Session session_;
  std::vector<Token> tried_;  // the open step's
  std::uint64_t rows_ = 0;
};

// The attacker's own guess at what comes next: the whole model, on the prefix.
class Proposals {
 public:
  explicit Proposals(const Pieces&);
  // After `token`: every other token, the most likely first.
  std::vector<Token> after(Token token);

 private:
  const Pieces& pieces_;
  Session session_;
};

}  // namespace splitwan::attacks
