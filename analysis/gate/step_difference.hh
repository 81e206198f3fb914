// What of one step is not as it was.
#pragma once

#include "analysis/gate/record.hh"

namespace splitwan::analysis {

struct Part {
  std::string what, reason;  // difference.hh
  Json before, now;
};
// Of two that differ, both grouped.
Part part_of(const StepRecord& before, const StepRecord& now);

// " (+3 %)"; nothing where there was nothing.
std::string percent_text(double before, double now);

}  // namespace splitwan::analysis
