// Chooses by measurement: of several drafters, in every step, the one and the width that promise the most
// tokens per second.
#pragma once

#include <memory>

#include "engine/drafters/drafter.hh"

namespace splitwan::engine {

// One drafter that may be chosen, and what is thought of it until it has been tried.
struct AutoArm {
  std::string name;
  std::unique_ptr<Drafter> drafter;
  double promise = 0.3;  // row k of its tree is on the model's path with probability promise / k
  int rows = 8;          // of its tree, to begin with
  int most_rows = 0;     // that it may be asked for; 0 = its tree is of one size
  int costs_rows = 0;    // proposing takes as long as so many rows of the model's own work
  // Learns from the rows that it sends, so it is sent whole and judged only then; `promise` is how many
  // tokens a step it gains over the first arm, the text's own n-grams.
  bool whole = false;
};

// Sequential decoding is always there beside the arms. Arms that cost little to ask come first.
std::unique_ptr<Drafter> make_auto(std::vector<AutoArm>);

}  // namespace splitwan::engine
