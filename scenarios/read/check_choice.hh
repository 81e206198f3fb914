// Spot checks in a scenario: how often, of which layers (engine/split/checks.hh).
#pragma once

#include <vector>

namespace splitwan::scenarios {

struct CheckChoice {
  int steps = 0;                 // from one to the next; 0: none
  int draws = 1;                 // layers of each
  std::vector<int> layers = {};  // to draw from; empty: all that the server has
  bool on() const { return steps > 0; }
};

}  // namespace splitwan::scenarios
