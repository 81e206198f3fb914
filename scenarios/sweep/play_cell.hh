// One cell, run: a replay here, beside a simulator's process; a model by `splitwan run`.
#pragma once

#include <functional>

#include "scenarios/sweep/swept_scenario.hh"

namespace splitwan::scenarios {

struct Played {
  std::string rows;    // JSON, as rows_of() gives them
  std::string reason;  // why there are none
  bool stopped = false;
};

// Tries twice: a failure may be the machine's. `stop` is asked while a model runs.
Played play_cell(const SweptScenario&, const Json& cell, const std::function<bool()>& stop);

// What the scenario's reader says against cells, {index, reason}, before any runs.
struct Refusal {
  std::size_t cell;
  std::string reason;
};
std::vector<Refusal> refused_cells(const SweptScenario&, const std::vector<Json>& cells,
                                   const std::function<bool()>& stop);

}  // namespace splitwan::scenarios
