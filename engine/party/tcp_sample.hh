#pragma once

#include "engine/base/types.hh"

namespace splitwan::engine {

// What a party's own socket says of its connection as a message comes (live connections only). 0 = not known.
struct TcpSample {
  Nanos rtt{}, rtt_spread{};  // the least of late, and the smoothed mean deviation
  std::uint32_t window = 0;   // segments that the party itself may have under way
  // From when the message's head was there until all of it was, and the bytes that came in the meantime: what
  // the way to the party carries, whatever the message had waited for before.
  Nanos coming{};
  std::uint64_t came = 0;
  std::uint64_t delivered_bps = 0;  // of its own data, as acknowledgements came: no more than its way carries
  // Of a probe answered since the message before: a small message on the idle connection. Its round trip, its
  // bytes both ways, and how many segments the other end had sent again when it answered.
  Nanos probe{};
  std::uint32_t probe_bytes = 0, peer_retransmits = 0;
  Nanos tls{};  // the party's own work for TLS since the message before, both ways
  bool operator==(const TcpSample&) const = default;
};

}  // namespace splitwan::engine
