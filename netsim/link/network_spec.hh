// Common networks, and a spec as splitwan-sim reads it.
#pragma once

#include <concepts>
#include <nlohmann/json_fwd.hpp>
#include <span>

#include "netsim/link/link_simulator.hh"

namespace splitwan::netsim {

// Edge 0: party 0 (client) to party 1 (server), half of rtt each way. Rates in bit/s, 0 = infinitely fast;
// loss per packet, both ways.
NetworkSpec two_party_network(Nanos rtt, double up_bps, double down_bps, double loss = 0);

// Every pair of `parties`, lower number first: (0,1), (0,2), .. (1,2), ..
std::vector<Edge> mesh_edges(PartyId parties, const LinkSpec& forward, const LinkSpec& backward);
// Party 0 with each of the others.
std::vector<Edge> star_edges(PartyId parties, const LinkSpec& forward, const LinkSpec& backward);

// By the same link both ways.
NetworkSpec mesh_network(PartyId parties, const LinkState& link);
NetworkSpec mesh_network(PartyId parties, const std::same_as<LinkSpec> auto& link) {
  NetworkSpec spec = mesh_network(parties, static_cast<const LinkState&>(link));
  for (Edge& edge : spec.edges) edge.forward = edge.backward = link;
  return spec;
}

NetworkSpec star_network(PartyId parties, const LinkSpec& link);

// Of data in one packet: as asked, else what the smallest packet on these links has room for, at most 1448.
std::uint32_t segment_bytes(const TcpSpec& tcp, std::span<const Edge> edges);

// See sim_protocol.hh.
nlohmann::json to_json(const NetworkSpec& spec);

}  // namespace splitwan::netsim
