// The three interfaces between the engine and the world: a party's messages, its time, and who runs it.
// The engine is ordinary blocking code over these; sockets, ideal links and ns-3 implement them.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "engine/party/outage.hh"
#include "engine/party/phase.hh"
#include "engine/party/tcp_sample.hh"
#include "engine/wire/wire.hh"

namespace splitwan::engine {

constexpr PartyId any_party = 0xffffffff;
constexpr Nanos no_deadline = Nanos::max();

struct Arrival {
  PartyId from = 0;
  Nanos at{};  // stamped by the transport, on the receiving party's clock
  Message message;
  std::uint32_t flights = 0;      // TCP flights the message took; 0 = not known (live sockets, ideal links)
  std::uint32_t cwnd = 0;         // sender's congestion window in bytes as it came; 0 = not known
  std::uint32_t retransmits = 0;  // segments sent again on this way since the message before
  TcpSample tcp = {};
  std::vector<Outage> outages = {};  // since the arrival before; times on the receiving party's clock
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(PartyId to, Message) = 0;  // queued; never waits for the peer
  // What the message weighs on this network.
  virtual std::uint64_t wire_bytes(const Message& m) const { return wire_size(m); }
  // Waits for the next message of `from` (any_party: in order of arrival, then sequence). Empty when the
  // deadline (on this party's clock) passes first. Throws Error when the peer is gone.
  virtual std::optional<Arrival> recv(PartyId from, Nanos deadline) = 0;
};

// What a job did, for clocks that charge by geometry and for the trace.
struct Work {
  Phase phase = Phase::head;
  std::uint32_t rows = 0;
  std::uint32_t context = 0;    // committed tokens before the step
  double flops = 0, bytes = 0;  // arithmetic, and weight + cache traffic
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Nanos now() const = 0;
  virtual void work(const Work&, const std::function<void()>& job) = 0;  // runs the job and charges it
};

using PartyMain = std::function<void(Transport&, Clock&)>;

class Network {
 public:
  virtual ~Network() = default;
  // Returns when all parties have returned. The first party's exception is rethrown; the others' recv throw.
  virtual void run(const std::map<PartyId, PartyMain>& parties) = 0;
};

}  // namespace splitwan::engine
