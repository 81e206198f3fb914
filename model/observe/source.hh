// What a model is tied to: runs that differ in it would be averaged into nobody's model.
#pragma once

#include "model/observe/observation.hh"

namespace splitwan::model {

// The header entries that all runs across a network share. Throws Error naming the two runs and the key when
// they differ in anything but link, drafter, prompt, seed and what only names a run.
Json common_source(const std::vector<engine::Run>&, const std::vector<Observation>&, bool any_wire = false);

}  // namespace splitwan::model
