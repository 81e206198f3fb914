// Which network a scenario runs over, as a person writes it. No torch.
//
// "network": {"kind": "ns3", "preset": "lte", "rtt": "80ms", LINK.., "up": RATE or {LINK..}, "down":
// likewise,
//   "tcp": {..}, "server": "HOST:PORT", "timeout": "60s", "pcap": "PREFIX"}
// LINK keys hold for both directions, those under "up" and "down" for one:
//   "rate": "100Mbit", "delay": "40ms" (one way), "loss": "0.5%", "queue": "4MB", "mtu": 1500,
//   "jitter": "5ms" (exponential) or {"law", "scale", "correlation", "reorder"}, "outage": true,
//   "bursts": {"to_bad", "to_good", "loss"}, "schedule": [{"at": "2s", LINK keys that change from then on}],
//   "period": "10s" (the schedule repeats)
// and from other tools: "netem": "delay 40ms 5ms loss 0.5%" (before the keys above), "mahimahi": FILE (packet
//   deliveries; they take the place of the rate), "csv": FILE (time, rate_mbps, delay_ms, loss, down);
//   for both directions at once "ping": FILE and "iperf3": FILE.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json_file.hh"
#include "netsim/link/link_simulator.hh"

namespace splitwan::scenarios {

using engine::Json;
using engine::Nanos;

enum class NetworkKind {
  local,
  ideal,
  ns3,
  sockets,
  tun
};  // tun: the kernel's TCP over a delay line, replays only
std::string_view name_of(NetworkKind);

struct NetworkChoice {
  NetworkChoice();
  NetworkKind kind = NetworkKind::ns3;
  netsim::LinkSpec up, down;  // 100 Mbit/s, 40 ms each way
  netsim::TcpSpec tcp;
  std::string server;                         // sockets: HOST:PORT; empty = both parties here, over loopback
  Nanos patience = std::chrono::seconds(60);  // with a server: for each of its answers
  std::string pcap;

  Nanos rtt() const { return up.delay + down.delay; }
};

// File names in it are sought from `folder`. Throws Error naming `where` and the key.
NetworkChoice read_network(const Json&, const std::string& where, const std::string& folder = "");

// A preset's name, settings as in rtt=80ms,rate=100Mbit,jitter=2ms, or a preset and settings over it.
NetworkChoice parse_link(const std::string&);
const std::vector<std::string>& preset_names();

// Parties 0 and 1, the client and the server, joined by it.
netsim::NetworkSpec spec_of(const NetworkChoice&, std::uint64_t seed);

// What a trace's header says of it: {network, rtt_s, up_bps, down_bps, loss, ..}.
Json conditions_of(const NetworkChoice&);

}  // namespace splitwan::scenarios
