// What GitHub's runner shows of a gate: the step's summary, and annotations.
#pragma once

#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

// "1024k" in the runner's words; more, and the whole summary is dropped. Counted over the step's file.
constexpr std::size_t most_summary_bytes = 1 << 20;
constexpr std::size_t most_annotations = 10;  // shown per type and step

std::string step_summary(const GateResult&, std::size_t most_bytes = most_summary_bytes);

// Workflow commands, one a line: an error for each regressed row, a warning for each inconclusive one, a
// notice for each improved one. The worst come first; the tenth of a type counts those that would not be
// shown.
std::string annotations(const GateResult&);

}  // namespace splitwan::analysis
