#include "netsim/network_spec.hh"

#include <nlohmann/json.hpp>

#include "netsim/sim_protocol.hh"

namespace splitwan::netsim {

using nlohmann::json;

NetworkSpec two_party_network(Nanos rtt, double up_bps, double down_bps, double loss) {
  const Nanos up = rtt / 2;
  NetworkSpec spec;
  spec.edges.push_back({0, 1, {up, up_bps, loss}, {rtt - up, down_bps, loss}});
  return spec;
}

NetworkSpec mesh_network(PartyId parties, const LinkSpec& link) {
  NetworkSpec spec;
  for (PartyId a = 0; a < parties; ++a)
    for (PartyId b = a + 1; b < parties; ++b) spec.edges.push_back({a, b, link, link});
  return spec;
}

json to_json(const LinkSpec& link) {
  return {{"delay_ns", link.delay.count()},
          {"bps", link.bits_per_second},
          {"loss", link.loss},
          {"queue_bytes", link.queue_bytes}};
}

json to_json(const NetworkSpec& spec) {
  json edges = json::array();
  for (const Edge& edge : spec.edges)
    edges.push_back({{"a", edge.a},
                     {"b", edge.b},
                     {"forward", to_json(edge.forward)},
                     {"backward", to_json(edge.backward)}});
  return {{"protocol", kSimProtocol},
          {"seed", spec.seed},
          {"tcp",
           {{"congestion", spec.tcp.congestion},
            {"segment_bytes", spec.tcp.segment},
            {"buffer_bytes", spec.tcp.buffer},
            {"initial_window", spec.tcp.initial_window},
            {"min_rto_ns", spec.tcp.min_rto.count()}}},
          {"edges", std::move(edges)}};
}

}  // namespace splitwan::netsim
