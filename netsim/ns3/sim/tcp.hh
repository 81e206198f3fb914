// TCP as the spec and Linux have it, and proof of what ns-3 really runs.
#pragma once

#include <ns3/socket.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "netsim/ns3/sim/spec.hh"

namespace splitwan::netsim::sim {

// ns-3's defaults are process-wide: before the first node is made, and all of them each time. Seeds the
// random streams as well.
void set_defaults(const Spec& spec);

// Read back from a socket, not from the spec.
std::string congestion_type(ns3::Ptr<ns3::Socket> socket);
nlohmann::json settings(ns3::Ptr<ns3::Socket> socket);

}  // namespace splitwan::netsim::sim
