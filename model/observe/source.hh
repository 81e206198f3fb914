// What a model is tied to: runs that differ in it would be averaged into nobody's model.
#pragma once

#include "model/observe/observation.hh"

namespace splitwan::model {

// Throws Error naming two runs and the key in which they are not of one system.
void expect_one_system(const std::vector<engine::Run>&, std::size_t first, std::size_t other,
                       bool any_wire = false);
// The header entries that all runs across a network share. Throws Error naming the two runs and the key when
// they differ in anything but link, drafter, prompt, seed and what only names a run.
Json common_source(const std::vector<engine::Run>&, const std::vector<Observation>&, bool any_wire = false);

}  // namespace splitwan::model
