// Two programs run in turn until enough is known.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/trials/judge.hh"
#include "scenarios/gate/measured_sample.hh"

namespace splitwan::scenarios {

// Of one scenario; [0] ours, [1] theirs: as many of each.
struct MeasuredSeries {
  std::string name;
  std::array<std::vector<ComputeSample>, 2> samples;
  std::size_t pairs() const { return samples[0].size(); }
};

analysis::Trial trial_of(const MeasuredSeries&);

// Runs scenario `index` by program 0 (ours) or 1; nothing: time is up.
using RunOnce = std::function<std::optional<ComputeSample>(std::size_t index, int program)>;

struct TrialsAsked {
  std::size_t least = 9;
  analysis::TrialRules rules = {};
  std::function<void(std::size_t pairs, std::size_t target, const std::string& name)> progress = {};
};

// Of alpha, what is left for the verdict at the end: runs end when their scatter looks small, and where it is
// larger than it looks p is below alpha in 5.3 to 5.9 % of 3,000 simulated comparisons instead of 5 %.
constexpr double alpha_after_looks = 0.85;

// Pairs of runs, ours first in every other one. Goes on, doubling at most, while the scatter of all values
// says that the least effect takes more repetitions; which of the two is faster has no say in when it ends.
// Ends early where RunOnce returns nothing; a pair begun then is dropped.
void take_turns(std::vector<MeasuredSeries>&, const RunOnce&, const TrialsAsked&);

}  // namespace splitwan::scenarios
