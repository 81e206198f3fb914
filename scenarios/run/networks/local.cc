// No network: the client in virtual time.
#include "netsim/link/ideal_simulator.hh"
#include "scenarios/run/networks/simulated.hh"

namespace splitwan::scenarios {

std::unique_ptr<RunNetwork> make_local_network(const NetworkOrder& order) {
  return std::make_unique<SimulatedNetwork>(order, netsim::make_ideal_simulator({}),
                                            std::vector<netsim::Edge>());
}

}  // namespace splitwan::scenarios
