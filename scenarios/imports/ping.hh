// What ping measured: output of iputils in any language, BSD and macOS, busybox, Windows and fping.
#pragma once

#include <string>
#include <vector>

#include "netsim/link/link_spec.hh"

namespace splitwan::scenarios {

struct PingSummary {
  netsim::LinkTime median{};  // round trip; of a summary without replies its mean
  netsim::LinkTime min{}, mean{};
  netsim::LinkTime jitter{};  // standard deviation
  std::uint64_t sent = 0, received = 0;
  double loss = 0;                 // of round trips, below 1
  std::vector<std::string> notes;  // what the output could not say, or was not believed
};

// One run of ping, replies, summary or both. Of several replies to one packet the first counts; a sequence
// may wrap after 65535. Throws Error naming file and line, also when no reply came.
PingSummary read_ping(const std::string& path);

// Half of the shortest round trip each way; exponential jitter with half of what the mean is above it; loss
// that, twice, gives the round trip's. Rate and queue stay: ping does not see them.
void apply(const PingSummary& ping, netsim::LinkState& up, netsim::LinkState& down);

}  // namespace splitwan::scenarios
