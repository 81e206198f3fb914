// A network in virtual time, and what a trace keeps of it. No torch.
#pragma once

#include <memory>

#include "netsim/ns3/ns3_simulator.hh"
#include "netsim/time/conductor.hh"
#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {

// {ns3, tcp, measured_links}
Json to_json(const netsim::ProbeReport&);

class SimulatedNetwork {
 public:
  // Of kind local, ideal or ns3.
  SimulatedNetwork(const NetworkChoice&, std::uint64_t seed, netsim::CostSource,
                   netsim::MessageSize = engine::wire_size);

  void run(const std::map<engine::PartyId, engine::PartyMain>& parties) { conductor_->run(parties); }

  // For the header's "simulator": version, TCP as it really runs, links as they were measured. null for
  // others.
  Json settings() const;
  // For the end's "links": per direction bytes, packets, losses, utilisation and queue. null for others. Ends
  // the simulation.
  Json totals();

 private:
  netsim::ProbeReport probes_;
  std::shared_ptr<netsim::Ns3Simulator> ns3_;
  std::unique_ptr<netsim::Conductor> conductor_;
};

}  // namespace splitwan::scenarios
