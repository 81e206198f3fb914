#include "netsim/link/network_spec.hh"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/link_json.hh"
#include "engine/base/tcp_constants.hh"
#include "netsim/link/sim_protocol.hh"

namespace splitwan::netsim {

using nlohmann::json;

NetworkSpec two_party_network(Nanos rtt, double up_bps, double down_bps, double loss) {
  const Nanos up = rtt / 2;
  NetworkSpec spec;
  spec.edges.push_back({0, 1, {up, up_bps, loss}, {rtt - up, down_bps, loss}});
  return spec;
}

std::vector<Edge> mesh_edges(PartyId parties, const LinkSpec& forward, const LinkSpec& backward) {
  std::vector<Edge> edges;
  for (PartyId a = 0; a < parties; ++a)
    for (PartyId b = a + 1; b < parties; ++b) edges.push_back({a, b, forward, backward});
  return edges;
}

std::vector<Edge> star_edges(PartyId parties, const LinkSpec& forward, const LinkSpec& backward) {
  std::vector<Edge> edges;
  for (PartyId b = 1; b < parties; ++b) edges.push_back({0, b, forward, backward});
  return edges;
}

NetworkSpec mesh_network(PartyId parties, const LinkState& link) {
  NetworkSpec spec;
  spec.edges = mesh_edges(parties, {link}, {link});
  return spec;
}

NetworkSpec star_network(PartyId parties, const LinkSpec& link) {
  NetworkSpec spec;
  spec.edges = star_edges(parties, link, link);
  return spec;
}

std::uint32_t segment_bytes(const TcpSpec& tcp, std::span<const Edge> edges) {
  std::vector<const LinkSpec*> links;
  for (const Edge& edge : edges) links.insert(links.end(), {&edge.forward, &edge.backward});
  return engine::segment_bytes(tcp, links);
}

json to_json(const NetworkSpec& spec) {
  json tcp = engine::to_json(spec.tcp);
  tcp["segment_bytes"] = segment_bytes(spec.tcp, spec.edges);
  json edges = json::array();
  for (const Edge& edge : spec.edges) {
    edges.push_back({{"a", edge.a},
                     {"b", edge.b},
                     {"forward", engine::to_json(edge.forward)},
                     {"backward", engine::to_json(edge.backward)}});
    if (edge.sessions.count > 0) edges.back()["sessions"] = engine::to_json(edge.sessions);
  }
  json object = {
      {"protocol", sim_protocol}, {"seed", spec.seed}, {"tcp", std::move(tcp)}, {"edges", std::move(edges)}};
  if (!spec.pcap.empty()) object["pcap"] = spec.pcap;
  if (!spec.fault.empty()) object["fault"] = spec.fault;
  return object;
}

}  // namespace splitwan::netsim
