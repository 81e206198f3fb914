// What the conductor asks of a simulated network: carry lengths, in integer virtual nanoseconds.
// Ideal links answer from a formula, ns-3 from its own process. Simulator events at t precede parties at t.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/types.hh"
#include "netsim/link/link_spec.hh"

namespace splitwan::netsim {

using engine::Nanos;
using engine::PartyId;

struct Edge {
  PartyId a = 0, b = 0;
  LinkSpec forward, backward;   // a to b, b to a
  OtherSessions sessions = {};  // ns-3 only: other people's, whose clients are where a is
};

struct NetworkSpec {
  std::vector<Edge> edges;  // one TCP connection each; the connection's number is the edge's index
  TcpSpec tcp;
  std::uint64_t seed = 1;
  std::string pcap = {};   // ns-3 only: where its capture files' names begin; empty = none
  std::string fault = {};  // for tests: the links are built with another "delay", "rate" or "loss" than asked
};

struct Delivery {
  std::uint64_t id = 0;       // of the message, as given to send
  Nanos at{};                 // when its last byte was read by the receiver
  std::uint32_t flights = 0;  // TCP flights it took: 1 = inside one congestion window; 0 = not applicable
  std::uint32_t cwnd = 0;     // sender's window in bytes at delivery; 0 = not applicable
  std::uint32_t retransmits =
      0;  // segments sent again on this connection and direction since the last delivery
};

class LinkSimulator {
 public:
  virtual ~LinkSimulator() = default;
  // Hands `bytes` to connection's socket at time t (never before the last advance's time). Ids grow by call.
  virtual void send(Nanos t, std::uint32_t connection, bool forward, std::uint64_t id,
                    std::uint64_t bytes) = 0;
  // The first delivery at or before `limit` (ties by id), or nothing: then time stands at `limit`.
  virtual std::optional<Delivery> advance(Nanos limit) = 0;
};

}  // namespace splitwan::netsim
