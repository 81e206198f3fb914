// A link that nobody stated, from the steps that crossed it.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "model/observe/observation.hh"

namespace splitwan::model {

struct LiveLink {
  double rtt_s = 0;  // without anything queued
  // Infinity: the steps reveal none. One for both where only their sum, or only one, shows.
  double up_bps = std::numeric_limits<double>::infinity(), down_bps = up_bps;
  double jitter_s = 0;  // scale of an exponential delay, each way
  double loss_up = 0;   // of the segments sent: those that the client sent again
  // What the server had sent again when it last answered a probe. Empty where it never did: who receives
  // cannot count what does not come.
  std::optional<double> loss_down = {};
};

// `runs`: the steps of each that crossed the link, in order. Empty RTT (0) where TCP was not sampled.
//
// The round trip is TCP's least. The rate down is what replies show from their head to their end. The rest is
// what makes theory (connection.hh: windows and queues of one's own bursts included) explain how long the
// steps waited: the rate up by how this grows with a request's size, jitter by how it scatters. Where the
// idle connection was probed, jitter is what probes take longer: nothing of one's own is in their way.
LiveLink live_link(const std::vector<std::span<const Observation>>& runs);

}  // namespace splitwan::model
