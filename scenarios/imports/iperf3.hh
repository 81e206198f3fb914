// What `iperf3 -J` measured.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netsim/link/link_spec.hh"

namespace splitwan::scenarios {

struct Iperf3Summary {
  bool udp = false;
  // As received; up: from iperf3's client to its server. A test that offered no more than came through (UDP's
  // 1 Mbit/s unless told otherwise, or -b) says no rate of the link: it carries that much at least.
  std::optional<double> up_bps, down_bps, up_at_least_bps, down_at_least_bps;
  std::optional<std::uint64_t> retransmits;  // of both directions; TCP on Linux only
  std::optional<netsim::LinkTime> min_rtt;   // the streams' smallest; TCP of a sending client only
  std::optional<netsim::LinkTime> mean_rtt;  // their mean, with the queue that the test itself filled
  std::vector<std::string> notes;            // what was left out, or is not known
};

// The client's file: TCP or UDP, normal, -R or --bidir, --json-stream, with iperf3's own words beside the
// JSON. Throws Error naming the file and the key.
Iperf3Summary read_iperf3(const std::string& path);

}  // namespace splitwan::scenarios
