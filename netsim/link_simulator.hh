// What the conductor asks of a simulated network: carry lengths, in integer virtual nanoseconds.
// Ideal links answer from a formula, ns-3 from its own process. Simulator events at t precede parties at t.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/types.hh"

namespace splitwan::netsim {

using engine::Nanos;
using engine::PartyId;

struct LinkSpec {  // one direction
  Nanos delay{};               // one way
  double bits_per_second = 0;  // 0 = infinitely fast (ideal links only)
  double loss = 0;             // probability per packet (ns-3 only)
  std::uint64_t queue_bytes = 0;  // 0 = rate x RTT, at least 64 KiB
  bool operator==(const LinkSpec&) const = default;
};

struct Edge {
  PartyId a = 0, b = 0;
  LinkSpec forward, backward;  // a to b, b to a
};

struct TcpSpec {
  std::string congestion = "cubic-linux";  // cubic with Linux's window rules; "cubic" = stock ns-3
  std::uint32_t segment = 1448;            // bytes
  std::uint32_t buffer = 8u << 20;         // bytes, send and receive
  std::uint32_t initial_window = 10;       // segments
  Nanos min_rto = std::chrono::milliseconds(200);
};

struct NetworkSpec {
  std::vector<Edge> edges;  // one TCP connection each; the connection's number is the edge's index
  TcpSpec tcp;
  std::uint64_t seed = 1;
};

struct Delivery {
  std::uint64_t id = 0;  // of the message, as given to send
  Nanos at{};            // when its last byte was read by the receiver
  std::uint32_t flights = 0;      // TCP flights it took: 1 = inside one congestion window; 0 = not applicable
  std::uint32_t cwnd = 0;         // sender's window in bytes at delivery; 0 = not applicable
  std::uint32_t retransmits = 0;  // segments sent again on this connection and direction since the last delivery
};

class LinkSimulator {
 public:
  virtual ~LinkSimulator() = default;
  // Hands `bytes` to connection's socket at time t (never before the last advance's time). Ids grow by call.
  virtual void send(Nanos t, std::uint32_t connection, bool forward, std::uint64_t id, std::uint64_t bytes) = 0;
  // The first delivery at or before `limit` (ties by id), or nothing: then time stands at `limit`.
  virtual std::optional<Delivery> advance(Nanos limit) = 0;
};

}  // namespace splitwan::netsim
