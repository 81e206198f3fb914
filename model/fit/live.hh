// Links that nobody stated: what TCP itself saw of them.
#pragma once

#include "model/observe/observation.hh"

namespace splitwan::model {

// For runs whose header states no link: RTT, jitter and loss from the client's socket
// as sampled at each step, and the rate that the steps' bytes reveal (unlimited where they reveal none).
// Throws Error naming the run that crosses a network and has neither a statement nor samples.
void measure_live_links(std::vector<Observation>&, const std::vector<engine::Run>&);

}  // namespace splitwan::model
