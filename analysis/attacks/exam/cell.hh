// One attacker on one cut for one target: a row of the result.
#pragma once

#include "analysis/attacks/exam/exam.hh"
#include "analysis/attacks/exam/view.hh"

namespace splitwan::attacks {

struct Cell {
  const View* view = nullptr;
  Cut cut = Cut::input;
  Target target = Target::current;
  std::string attacker;

  std::string label() const;
  std::uint64_t stream() const;  // of its random numbers: a function of the label
};

int layers_before(const Cell&);  // of the cut

// What all cells of a seed share.
struct Common {
  const Options& options;
  std::uint64_t seed = 1;
  TokenKinds kinds;
  std::vector<double> frequencies;
  std::vector<Text> calibration;
};

}  // namespace splitwan::attacks
