// What ping measured: output of Linux (iputils) and of BSD and macOS.
#pragma once

#include <string>

#include "netsim/link/link_spec.hh"

namespace splitwan::scenarios {

struct PingSummary {
  netsim::LinkTime median{};  // round trip; of a summary without replies its mean
  netsim::LinkTime min{}, mean{};
  netsim::LinkTime jitter{};  // standard deviation
  std::uint64_t sent = 0, received = 0;
  double loss = 0;  // of round trips, below 1
};

// One run of ping, replies, summary or both; duplicates do not count. Throws Error naming file and line, also
// when no reply came.
PingSummary read_ping(const std::string& path);

// Half of the shortest round trip each way; exponential jitter with half of what the mean is above it; loss
// that, twice, gives the round trip's. Rate and queue stay: ping does not see them.
void apply(const PingSummary& ping, netsim::LinkState& up, netsim::LinkState& down);

}  // namespace splitwan::scenarios
