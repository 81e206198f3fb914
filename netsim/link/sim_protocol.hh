// The words between a client and splitwan-sim, one line each way over its stdin and stdout. C++17: both sides
// include it. Times are integer nanoseconds since all connections stand; JSON keys end in their unit.
//
//   client                          splitwan-sim
//   open {spec}                     ready {"ns3", "settings", "connections": [{"rtt_s", "congestion",
//                                          "forward": {"bps", "sent", "lost"}, "backward": {..}}]}
//   send T CONN FWD ID BYTES        (no answer)
//   advance LIMIT                   delivered T ID FLIGHTS CWND RETRANSMITS   or   reached LIMIT
//   until LIMIT                     (no answer)
//   close                           totals {"events", "elapsed_ns", "connections": [{"forward": {"bytes",
//                                           "packets", "queue_drops", "lost", "retransmits", "busy_ns",
//                                           "most_queued_bytes"}, "backward": {..}}]}
//
// After close, open begins another simulation, of which the first has left no trace.
// spec: {"protocol", "seed", "tcp": {"congestion", "segment_bytes", "buffer_bytes", "initial_window",
//        "min_rto_ns", "rto_form", "delayed_ack_segments", "delayed_ack_timeout_ns", "slow_start_after_idle",
//        "app_limited_decay", "nagle"}, "edges": [{"a", "b", "forward": {link}, "backward": {link},
//        "sessions"}], "pcap", "fault"}; nagle, sessions, pcap (where the names of its capture files begin)
//        and fault may be absent. link and sessions: see link_json.hh.
// Time 0 is when probes have found every link as asked and all connections stand; nothing is lost before it.
// Other people's sessions (their clients where a is) begin after it. They are in no answer but for busy_ns
// and most_queued_bytes, which are the link's: bytes, packets, drops, losses and retransmits are the
// connection's.
//
// until is advance where nothing is under way: the answer is known.
// FWD is 1 for a to b, 0 for b to a. Simulator events at LIMIT happen before `reached LIMIT`; deliveries at
// one instant come by id. What is wrong is `error TEXT`, and exit status 2. End of input ends the simulator
// quietly.
#pragma once

#include <cstdint>

#include "netsim/link/link_spec.hh"

namespace splitwan::netsim {

inline constexpr int sim_protocol = 3;
inline constexpr int sim_exit_error = 2;
inline constexpr std::uint32_t probe_bytes = 38;  // on the link: a small packet, PPP's bytes included

// A limit above this (146 years) means "however long it takes": an answer when nothing is left to happen; on
// links with other people's sessions, which never end, when no message is under way.
inline constexpr std::int64_t sim_forever = INT64_MAX / 2;

}  // namespace splitwan::netsim
