#include "scenarios/run/networks/simulated.hh"

namespace splitwan::scenarios {

SimulatedNetwork::SimulatedNetwork(const NetworkOrder& order,
                                   std::shared_ptr<netsim::LinkSimulator> simulator,
                                   const std::vector<netsim::Edge>& edges)
    : conductor_(std::move(simulator), edges, order.cost(), order.message_size, order.jobs) {}

}  // namespace splitwan::scenarios
