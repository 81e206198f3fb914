// Networks in virtual time: a link simulator and the conductor over it. No torch.
#pragma once

#include "netsim/ns3/ns3_simulator.hh"
#include "netsim/time/conductor.hh"
#include "scenarios/run/networks/networks.hh"

namespace splitwan::scenarios {

class SimulatedNetwork : public RunNetwork {
 public:
  SimulatedNetwork(const NetworkOrder&, std::shared_ptr<netsim::LinkSimulator>,
                   const std::vector<netsim::Edge>&);
  void run(const std::map<engine::PartyId, engine::PartyMain>& parties) override { conductor_.run(parties); }

 private:
  netsim::Conductor conductor_;
};

// {ns3, tcp, measured_links}
Json to_json(const netsim::ProbeReport&);

}  // namespace splitwan::scenarios
