// A spec brought to life: links measured, all connections standing, and then time from 0.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "netsim/ns3/sim/connection.hh"
#include "netsim/ns3/sim/others.hh"
#include "netsim/ns3/sim/probe.hh"
#include "netsim/ns3/sim/spec.hh"
#include "netsim/ns3/sim/stepper.hh"
#include "netsim/ns3/sim/topology.hh"

namespace splitwan::netsim::sim {

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
  std::uint32_t initial_window() const { return spec_.tcp.initial_window * spec_.tcp.segment; }  // bytes
  void establish();
  void await(std::size_t ends, const std::function<std::size_t()>& missing);
  void connect(std::size_t index, const std::function<void()>& established);
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
  std::vector<std::unique_ptr<Others>> others_;           // of the edges that have sessions, by edge
  std::size_t ends_to_establish_ = 0;
  std::uint64_t under_way_ = 0;  // messages of ours
  std::int64_t origin_ns_ = 0;   // ns-3's clock at time 0
  std::uint64_t origin_events_ = 0;
  std::vector<Delivered> due_;  // of the present instant, the next one last
  std::string failure_;
  nlohmann::json ready_;
};

}  // namespace splitwan::netsim::sim
