#include "netsim/link/ideal_simulator.hh"
#include "scenarios/run/networks/simulated.hh"

namespace splitwan::scenarios {

std::unique_ptr<RunNetwork> make_ideal_network(const NetworkOrder& order) {
  const netsim::NetworkSpec spec = spec_of(order.choice, order.seed);
  return std::make_unique<SimulatedNetwork>(order, netsim::make_ideal_simulator(spec), spec.edges);
}

}  // namespace splitwan::scenarios
