// Drafters that did not run, from what they would have done on the runs' texts (engine/party/rehearsal.hh).
#pragma once

#include "model/fit/closed_form.hh"

namespace splitwan::model {

// Those that none of `steps` (of these runs) is of; by name. Their guesses cost what they cost when they were
// rehearsed, checking a token what it costs the others, and their messages are the engine's (wire.hh) with
// rows of the steps' size. Throws Error naming the run when a rehearsal is malformed.
std::vector<DrafterModel> rehearsed_drafters(const std::vector<engine::Run>& runs,
                                             const std::vector<Observation>& steps);

}  // namespace splitwan::model
