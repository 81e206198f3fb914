// A replay over the kernel's own TCP: two parties in two network namespaces joined by the TUN delay line, in
// real time. Work is waited for as long as it is said to cost, so that client, server and link do not want
// the same cores.
#pragma once

#include <map>

#include "netsim/time/cost_source.hh"
#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {

// Parties 0 and 1, the client and the server; each with a cost source of its own. Returns what the link says
// of itself: {lateness_mean_s, lateness_p99_s, realtime, up, down}. Needs root; throws Error without.
Json run_over_link(const NetworkChoice&, std::uint64_t seed,
                   const std::map<engine::PartyId, engine::PartyMain>&,
                   std::map<engine::PartyId, netsim::CostSource> costs);

}  // namespace splitwan::scenarios
