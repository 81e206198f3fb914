#pragma once

#include "engine/base/types.hh"

namespace splitwan::engine {

// What a party's own socket says of its connection as a message comes (live TCP only). 0 = not known.
struct TcpSample {
  Nanos rtt{}, rtt_spread{};  // the least of late, and the smoothed mean deviation
  std::uint32_t window = 0;   // segments that the party itself may have under way
  bool operator==(const TcpSample&) const = default;
};

}  // namespace splitwan::engine
