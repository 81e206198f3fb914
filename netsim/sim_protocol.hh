// The words between a client and splitwan-sim, one line each way over its stdin and stdout. C++17: both sides
// include it. Times are integer nanoseconds since all connections stand; JSON keys end in their unit.
//
//   client                          splitwan-sim
//   open {spec}                     ready {"ns3", "settings", "connections": [{"rtt_s", "congestion"}]}
//   send T CONN FWD ID BYTES        (no answer)
//   change T CONN FWD {link}        (no answer) from T on that direction is as the link says
//   advance LIMIT                   delivered T ID FLIGHTS CWND RETRANSMITS   or   reached LIMIT
//   close                           totals {"events", "connections": [{"forward": {..}, "backward": {..}}]},
//   end
//
// spec: {"protocol", "seed", "tcp": {"congestion", "segment_bytes", "buffer_bytes", "initial_window",
//        "min_rto_ns"}, "edges": [{"a", "b", "forward": {link}, "backward": {link}}]}
// link: {"delay_ns", "bps", "loss", "queue_bytes", "mtu"}; only mtu may be absent (1500)
//
// FWD is 1 for a to b, 0 for b to a. Simulator events at LIMIT happen before `reached LIMIT`; deliveries at
// one instant come by id. What is wrong is `error TEXT`, and exit status 2. End of input ends the simulator
// quietly.
#pragma once

#include <cstdint>

namespace splitwan::netsim {

inline constexpr int kSimProtocol = 1;
inline constexpr int kSimExitError = 2;

// A limit above this (146 years) means "however long it takes": an answer when nothing is left to happen.
inline constexpr std::int64_t kSimForever = INT64_MAX / 2;

}  // namespace splitwan::netsim
