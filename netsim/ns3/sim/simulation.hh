// A spec brought to life: links measured, all connections standing, and then time from 0.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "netsim/ns3/sim/probe.hh"
#include "netsim/ns3/sim/spec.hh"
#include "netsim/ns3/sim/stepper.hh"
#include "netsim/ns3/sim/stream.hh"
#include "netsim/ns3/sim/topology.hh"

namespace splitwan::netsim::sim {

// One TCP connection, on its own edge: a's socket, b's, and a stream each way.
struct Connection {
  Stream forward, backward;
  ns3::Ptr<ns3::Socket> at_a, listener, at_b;

  Connection(std::uint32_t initial_window_bytes, const Stream::Deliver& deliver)
      : forward(initial_window_bytes, deliver), backward(initial_window_bytes, deliver) {}
  Stream& stream(bool is_forward) { return is_forward ? forward : backward; }
};

// Times are nanoseconds since all connections stand; connections are numbered as the spec listed them. Throws
// std::runtime_error. One at a time in a process; nothing of one is left to the next.
class Simulation {
 public:
  explicit Simulation(const Spec& spec);
  ~Simulation();

  const nlohmann::json& ready() const { return ready_; }
  void send(std::int64_t t, std::size_t connection, bool forward, std::uint64_t id, std::uint64_t bytes);
  std::optional<Delivered> advance(std::int64_t limit);
  nlohmann::json totals() const;

 private:
  void connect(const Edge& edge, std::size_t index);
  void establish();
  void gave_up(ns3::Ptr<ns3::Socket> socket);
  ns3::Time delay_until(std::int64_t t, const char* command) const;
  std::size_t place_of(std::size_t connection) const;
  nlohmann::json describe() const;
  nlohmann::json wire_totals(std::size_t index, bool forward) const;

  Spec spec_;
  Stepper stepper_;  // replaces ns-3's scheduler: before the topology
  std::unique_ptr<Topology> topology_;
  std::vector<ProbedEdge> probed_;
  std::vector<std::unique_ptr<Connection>> connections_;  // in the order of spec_.edges
  std::size_t ends_to_establish_ = 0;
  std::int64_t origin_ns_ = 0;  // ns-3's clock at time 0
  std::uint64_t origin_events_ = 0;
  std::vector<Delivered> due_;  // of the present instant, the next one last
  std::string failure_;
  nlohmann::json ready_;
};

}  // namespace splitwan::netsim::sim
