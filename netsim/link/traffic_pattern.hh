// Requests and answers over one fresh connection: the traffic that simulator, kernel and theory are compared
// on.
#pragma once

#include <string>
#include <vector>

#include "netsim/link/link_simulator.hh"

namespace splitwan::netsim {

struct Exchange {
  std::uint64_t request = 0, answer = 0;  // bytes; the answer is sent when the request is there
  Nanos idle_before{};
};

struct TrafficPattern {
  std::string name;
  std::vector<Exchange> before;
  Exchange measured;
};

// pingpong_8k, upload_64k_first, upload_64k_warm, upload_800k_first, upload_800k_warm, upload_800k_idle,
// decay_140k, decay_800k.
const std::vector<TrafficPattern>& validation_patterns();

// From request to the end of its answer, over connection 0 of a simulator just opened. A goes first.
Nanos time_pattern(LinkSimulator& simulator, const TrafficPattern& pattern);

}  // namespace splitwan::netsim
