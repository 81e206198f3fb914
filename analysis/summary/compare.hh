// A live trace beside its replay: are the steps as long?
#pragma once

#include "model/observe/observation.hh"

namespace splitwan::analysis {

// {rows: [{drafter, steps, live {mean_step_s, p95_step_s}, replay {likewise}, mean_error, p95_error,
// step_error {median, p95}}]}: of the steps after the prompts, one row per drafter that both have.
// step_error: of each step against the same one played again, absolute, share of the live one; null where
// they are not the same steps. Throws Error where no drafter is in both.
engine::Json compare(const model::Study& live, const model::Study& replay);

}  // namespace splitwan::analysis
