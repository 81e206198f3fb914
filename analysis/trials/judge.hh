// Two programs measured in turn, several metrics of each: what can be said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace splitwan::analysis {

struct Trial {
  std::string metric;
  std::vector<double> ours, theirs;  // in the order in which they were taken, one of each in turn
  bool higher_is_better = false;
};

struct TrialRules {
  double alpha = 0.05;         // chance of any false alarm among all metrics, where nothing differs
  double least_effect = 0.02;  // share: a change worth failing for. Half of it never is
  double power = 0.8;          // chance of seeing the least effect that a pass stands for
  std::uint64_t seed = 1;      // of the intervals
  std::size_t draws = 2000;    // that they are made of
};

enum class Verdict : std::uint8_t { pass, improved, regressed, inconclusive };

struct Finding {
  Verdict verdict = Verdict::pass;
  std::string reason;                               // one line
  double ratio = 1, ratio_low = 1, ratio_high = 1;  // ours / theirs
  double p = 1, p_holm = 1;
  double smallest_seen = 0;           // effect that so many samples show with the power asked for
  std::optional<std::size_t> needed;  // repetitions for the least effect
};

// One finding a trial. Regressed (or improved): p after Holm is below alpha, the interval excludes 1 and the
// change is more than half the least effect. Else pass, where the samples would have shown the least effect
// with the power asked for and found at most half of it for the worse, or where the interval lies within the
// least effect on both sides. Else inconclusive. Throws Error naming a metric with fewer than two samples,
// not as many of ours as of theirs, or one that is not above 0.
std::vector<Finding> judge(const std::vector<Trial>&, const TrialRules& = {});

}  // namespace splitwan::analysis
