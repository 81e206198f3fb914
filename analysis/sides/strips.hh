// One step of both sides, as it is drawn: what was sent and computed when, and what of it is not as it was.
#pragma once

#include "analysis/gate/record.hh"

namespace splitwan::analysis {

// Messages and work of each side with `differs`: bytes, flights, window, resent, count, time, or gone or new.
// Where one side's are grouped, or there are very many, both are: then instants are of the first and the last
// of each kind.
Json strips_of(const StepRecord& before, const StepRecord& now);

// When each of a step's jobs began, in order: records keep how long they took, and a party sends when it is
// done.
std::vector<Nanos> begins_of_work(const StepRecord&);

}  // namespace splitwan::analysis
