// Links by formula: each direction is a queue at its rate, then its delay. No packets, no TCP, nothing to
// start.
#pragma once

#include <memory>

#include "netsim/link/link_simulator.hh"

namespace splitwan::netsim {

// Throws Error when a link has more than a delay and a rate, or a negative one: only ns-3 has packets.
std::unique_ptr<LinkSimulator> make_ideal_simulator(const NetworkSpec& spec);

}  // namespace splitwan::netsim
