// The secondary verdict: compute as it was measured here and now, in turn with another build of splitwan.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analysis/gate/verdict.hh"
#include "scenarios/gate/measured_options.hh"

namespace splitwan::scenarios {

struct MeasuredWatch {
  std::function<bool()> stop = {};  // asked often: true ends it with an Error
  std::function<void(std::size_t done, std::size_t total, const std::string& what)> progress = {};
};

struct Measurement {
  std::vector<analysis::GateRow> rows;  // of each scenario that runs a model: compute_s_per_token, and
                                        // instructions_per_token where they are counted
  std::vector<std::string> notes;       // what else is worth saying, a line each
};

// Runs each scenario with `compute` measured, `ours` and options.against in turn (which of them goes first
// changes each time), at least options.repetitions times each and until the power calculation is content or
// time is up. Throws Error in one line naming program and scenario when one of them fails.
Measurement measure(const std::vector<std::string>& scenarios, const std::string& ours,
                    const MeasuredOptions& options, const MeasuredWatch& watch = {});

}  // namespace splitwan::scenarios
