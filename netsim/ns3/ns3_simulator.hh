// ns-3 as a LinkSimulator: starts splitwan-sim and keeps it in step. See sim_protocol.hh.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "netsim/link/link_simulator.hh"
#include "netsim/ns3/child_process.hh"

namespace splitwan::netsim {

// What the simulator found before time 0, and what it really runs.
struct ProbeReport {
  struct Way {
    double bits_per_second = 0;        // 0 = packets take less than a nanosecond
    std::uint64_t sent = 0, lost = 0;  // to measure loss, where any was asked for
  };
  struct Connection {
    double rtt_s = 0;        // of a small packet and its echo
    std::string congestion;  // ns-3's class
    Way forward, backward;
  };
  std::string ns3_version;
  std::string settings;  // TCP's, one JSON object
  std::vector<Connection> connections;
};

// What crossed one direction of a connection since time 0. Other people's packets on its link are in the
// link's own figures only, `busy` and `most_queued`.
struct WireTotals {
  std::uint64_t bytes = 0;        // of messages, read by the receiver
  std::uint64_t packets = 0;      // acknowledgements of the other direction included
  std::uint64_t queue_drops = 0;  // the queue was full
  std::uint64_t lost = 0;         // by chance
  std::uint64_t retransmits = 0;
  Nanos busy{};                   // the link spent sending: busy / elapsed is its utilisation
  std::uint64_t most_queued = 0;  // bytes that waited
};

struct SimTotals {
  struct Connection {
    WireTotals forward, backward;
  };
  std::uint64_t events = 0;
  Nanos elapsed{};  // since time 0
  std::vector<Connection> connections;
};

class Ns3Simulator : public LinkSimulator {
 public:
  // Ends the simulation: nothing else may be asked afterwards.
  virtual SimTotals close() = 0;
};

// In the splitwan-sim beside this program, or $SPLITWAN_SIM: one that has done with another simulation, or a
// new one. Throws Error, as do all its methods, when the simulator refuses the spec, built links other than
// asked, dies, answers nonsense, or is silent for answer_timeout of wall-clock time. Any number may run at
// once, each used by one thread at a time.
std::unique_ptr<Ns3Simulator> make_ns3_simulator(
    const NetworkSpec& spec, ProbeReport* report = nullptr,
    std::chrono::milliseconds answer_timeout = std::chrono::seconds(60));
// The same with one that is there already.
std::unique_ptr<Ns3Simulator> make_ns3_simulator(
    std::unique_ptr<LinePeer>, const NetworkSpec& spec, ProbeReport* report = nullptr,
    std::chrono::milliseconds answer_timeout = std::chrono::seconds(60));

// Those that wait for more work end.
void end_idle_simulators();

}  // namespace splitwan::netsim
