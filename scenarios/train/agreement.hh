// How well a draft predicts what its teacher writes.
#pragma once

#include "scenarios/train/teacher.hh"

namespace splitwan::scenarios {

// For each source and each temperature that the recipe's text is written at: the teacher continues held-out
// openings by 64 tokens.
class AgreementTest {
 public:
  AgreementTest(const Recipe&, const DataMix&, const Teacher&);
  // {source: {"greedy" or "temperature 0.8": {top1, top4, tokens_per_step_chain, tokens_per_step_tree,
  // windows, share_left_out}}}. Windows that repeat at least 20 % of their 4-grams are left out: loops
  // flatter every draft. A chain is 8 tokens deep; the tree's figure is an estimate, a tree of every path
  // whose probability is at least 1/32, 8 deep.
  engine::Json run(const Replica&) const;

 private:
  struct Set {
    std::string source, decoding;
    Passages passages;
  };
  std::vector<Set> sets_;
};

}  // namespace splitwan::scenarios
