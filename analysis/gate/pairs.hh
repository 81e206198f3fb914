// Which cell stands beside which.
#pragma once

#include "analysis/gate/record.hh"

namespace splitwan::analysis {

// Of one side alone: the other is null.
struct CellPair {
  const ScenarioRecord *scenario_before = nullptr, *scenario_now = nullptr;
  const CellRecord *before = nullptr, *now = nullptr;
};

// In the order of `now`, then what is gone.
std::vector<CellPair> pairs_of(const std::vector<ScenarioRecord>& before,
                               const std::vector<ScenarioRecord>& now);

// Of one scenario.
std::vector<CellPair> pairs_of(const ScenarioRecord& before, const ScenarioRecord& now);

}  // namespace splitwan::analysis
