// What `iperf3 -J` measured.
#pragma once

#include <optional>
#include <string>

#include "netsim/link/link_spec.hh"

namespace splitwan::scenarios {

struct Iperf3Summary {
  bool udp = false;
  std::optional<double> up_bps, down_bps;    // as received; up: from iperf3's client to its server
  std::optional<std::uint64_t> retransmits;  // of both directions; TCP on Linux only
  std::optional<netsim::LinkTime> min_rtt;   // the streams' smallest; TCP of a sending client only
  std::optional<netsim::LinkTime> mean_rtt;  // their mean, with the queue that the test itself filled
};

// The client's file: TCP or UDP, normal, -R or --bidir. Throws Error naming the file and the key.
Iperf3Summary read_iperf3(const std::string& path);

}  // namespace splitwan::scenarios
