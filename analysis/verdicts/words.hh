// What all outputs say alike: figures, counts, the verdict in a sentence.
#pragma once

#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

// Baseline and current have as many digits as tell them apart, at least six; the change is a percentage of
// three digits that never reads as 0 where there is one: "-0.0000132 %". Without unit.
struct Figures {
  std::string baseline, current, change;  // change: "0 %" where equal, "from 0" where the baseline is 0
};
Figures figures_of(const GateRow&);

bool differs(const GateRow&);  // has something to say: another verdict than pass, another value, or a reason

// The verdict as it counts: where the result is strict, any other value counts as regressed.
Verdict outcome_of(const GateResult&, const GateRow&);

// "regressed, 12.4 -> 12.2 tokens/s (-1.61 %): REASON".
std::string sentence(const GateRow&);

// "1.021 of theirs (1.012 to 1.030), p 0.0003 after Holm, 9 and 9 samples", and what they could have seen.
std::string measured_text(const Measured&);

struct Tally {
  std::size_t rows = 0, cells = 0, scenarios = 0;
  std::size_t of[4] = {};        // by verdict
  std::size_t of_other[4] = {};  // of these, beside another build
  std::size_t other_build = 0;   // their sum
  std::size_t changed = 0;       // pass, and not as in the baseline: within what is allowed
};
Tally tally(const GateResult&);

// The verdict, its counts, and what to do about it; one line.
std::string verdict_line(const GateResult&);

// Those of one outcome, the greatest relative change first.
std::vector<const GateRow*> worst_first(const GateResult&, Verdict outcome);

// In the order of their first rows.
struct ScenarioRows {
  std::string scenario;
  std::vector<const GateRow*> rows;
};
std::vector<ScenarioRows> by_scenario(const GateResult&);

}  // namespace splitwan::analysis
