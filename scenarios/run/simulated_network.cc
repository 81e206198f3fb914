#include "scenarios/run/simulated_network.hh"

#include "netsim/link/ideal_simulator.hh"

namespace splitwan::scenarios {
namespace {

using engine::seconds;

Json totals_of(const netsim::WireTotals& w, Nanos elapsed) {
  return {{"bytes", w.bytes},
          {"packets", w.packets},
          {"queue_drops", w.queue_drops},
          {"lost", w.lost},
          {"retransmits", w.retransmits},
          {"utilisation", elapsed > Nanos{} ? seconds(w.busy) / seconds(elapsed) : 0},
          {"most_queued_bytes", w.most_queued}};
}

Json measured(const netsim::ProbeReport::Way& way) {
  return {{"bps", way.bits_per_second}, {"sent", way.sent}, {"lost", way.lost}};
}

}  // namespace

SimulatedNetwork::SimulatedNetwork(const NetworkChoice& n, std::uint64_t seed, netsim::CostSource cost,
                                   netsim::MessageSize size) {
  netsim::NetworkSpec spec;
  if (n.kind != NetworkKind::local) spec = spec_of(n, seed);
  std::shared_ptr<netsim::LinkSimulator> simulator;
  if (n.kind == NetworkKind::ns3) {
    simulator = ns3_ = netsim::make_ns3_simulator(spec, &probes_);
  } else {
    simulator = netsim::make_ideal_simulator(spec);
  }
  conductor_ = std::make_unique<netsim::Conductor>(simulator, spec.edges, std::move(cost), std::move(size));
}

Json to_json(const netsim::ProbeReport& probes) {
  Json links = Json::array();
  for (const auto& c : probes.connections)
    links.push_back({{"rtt_s", c.rtt_s},
                     {"congestion", c.congestion},
                     {"forward", measured(c.forward)},
                     {"backward", measured(c.backward)}});
  return {{"ns3", probes.ns3_version}, {"tcp", Json::parse(probes.settings)}, {"measured_links", links}};
}

Json SimulatedNetwork::settings() const { return ns3_ ? to_json(probes_) : Json(); }

Json SimulatedNetwork::totals() {
  if (!ns3_) return {};
  const netsim::SimTotals totals = ns3_->close();
  Json links = Json::array();
  for (const auto& c : totals.connections)
    links.push_back({{"forward", totals_of(c.forward, totals.elapsed)},
                     {"backward", totals_of(c.backward, totals.elapsed)}});
  return links;
}

}  // namespace splitwan::scenarios
