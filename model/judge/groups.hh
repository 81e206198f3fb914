// Which kinds of conditions a cell belongs to, for tables that say where a model holds.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/observe/observation.hh"

namespace splitwan::model {

// The first is what sets the cell apart most ("loss-free, queue 0.25 BDP"); then by RTT, rate, queue, loss,
// rows.
std::vector<std::string> groups_of(const std::vector<std::span<const Observation>>& runs);

// What a run's link does not say, for its cell's name: pauses. Empty: nothing.
std::string asides_of(std::span<const Observation> run);

}  // namespace splitwan::model
