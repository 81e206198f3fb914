// What the links are, measured rather than repeated from the spec.
#pragma once

#include <ns3/nstime.h>

#include <array>
#include <vector>

#include "netsim/ns3/sim/stepper.hh"
#include "netsim/ns3/sim/topology.hh"

namespace splitwan::netsim::sim {

struct ProbedWay {
  double bits_per_second = 0;        // 0 = packets take less than a nanosecond
  std::uint32_t sent = 0, lost = 0;  // to measure loss, where any was asked for
};

struct ProbedEdge {
  double rtt_s = 0;
  std::array<ProbedWay, 2> ways;  // forward, backward
};

// Bare packets on every link: one to and fro, a burst each way for the rate, and where packets may be lost a
// number of them with chance at work. Throws std::runtime_error naming a link that is not as the spec has it.
// Nothing that is asked may take longer than `patience` of virtual time.
std::vector<ProbedEdge> probe_links(const Spec& spec, Topology& topology, Stepper& stepper,
                                    ns3::Time patience);

}  // namespace splitwan::netsim::sim
