// What a tap at the client's end saw of a path.
#pragma once

#include <cstdint>
#include <vector>

#include "netsim/link/link_spec.hh"

namespace splitwan::netsim {

struct SeenPacket {  // of TCP, with the watched server
  LinkTime at{};
  bool up = false;  // from the client
  bool syn = false;
  std::uint16_t port = 0;    // the client's: tells connections apart
  std::uint16_t number = 0;  // IPv4's identification: Linux counts a connection's packets with it
  std::uint32_t sequence = 0, acknowledged = 0, payload = 0;  // payload: bytes
};

struct SeenProbe {  // an ICMP echo, or its answer
  LinkTime at{};
  bool up = false;
  std::uint16_t number = 0;
  std::uint32_t bytes = 0;  // of the IP packet
};

struct Seen {
  std::vector<SeenPacket> packets;  // in order of time
  std::vector<SeenProbe> probes;    // likewise
  std::uint64_t missed = 0;         // the tap was too slow for
};

}  // namespace splitwan::netsim
