#include "scenarios/run/networks/simulated.hh"

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

class Ns3Network : public SimulatedNetwork {
 public:
  Ns3Network(const NetworkOrder& order, std::shared_ptr<netsim::Ns3Simulator> simulator,
             const std::vector<netsim::Edge>& edges, Json settings)
      : SimulatedNetwork(order, simulator, edges),
        simulator_(std::move(simulator)),
        settings_(std::move(settings)) {}

  Json settings() const override { return settings_; }

  Json totals() override {
    const netsim::SimTotals totals = simulator_->close();
    Json links = Json::array();
    for (const auto& c : totals.connections)
      links.push_back({{"forward", totals_of(c.forward, totals.elapsed)},
                       {"backward", totals_of(c.backward, totals.elapsed)}});
    return links;
  }

 private:
  std::shared_ptr<netsim::Ns3Simulator> simulator_;
  Json settings_;
};

}  // namespace

Json to_json(const netsim::ProbeReport& probes) {
  Json links = Json::array();
  for (const auto& c : probes.connections)
    links.push_back({{"rtt_s", c.rtt_s},
                     {"congestion", c.congestion},
                     {"forward", measured(c.forward)},
                     {"backward", measured(c.backward)}});
  return {{"ns3", probes.ns3_version}, {"tcp", Json::parse(probes.settings)}, {"measured_links", links}};
}

std::unique_ptr<RunNetwork> make_ns3_network(const NetworkOrder& order) {
  const netsim::NetworkSpec spec = spec_of(order.choice, order.seed);
  netsim::ProbeReport probes;
  std::shared_ptr<netsim::Ns3Simulator> simulator = netsim::make_ns3_simulator(spec, &probes);
  return std::make_unique<Ns3Network>(order, std::move(simulator), spec.edges, to_json(probes));
}

}  // namespace splitwan::scenarios
