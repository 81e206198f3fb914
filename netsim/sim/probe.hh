// What the links are, measured rather than repeated from the spec.
#pragma once

#include <vector>

#include "netsim/sim/stepper.hh"
#include "netsim/sim/topology.hh"

namespace splitwan::netsim::sim {

// Round-trip time in seconds of each edge, by one small UDP packet echoed by b; all edges at once.
// Throws std::runtime_error naming an edge that did not answer within `patience` of virtual time.
std::vector<double> probe_rtts(const Spec& spec, const Topology& topology, Stepper& stepper,
                               ns3::Time patience);

}  // namespace splitwan::netsim::sim
