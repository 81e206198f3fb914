// Runs blocking parties in virtual time: a thread each, strict hand-off, exactly one runs. Jobs run on the
// conductor's own thread, so any number of parties share one compute pool; their costs overlap in virtual
// time.
#pragma once

#include <memory>

#include "engine/party/transport.hh"
#include "netsim/link/link_simulator.hh"
#include "netsim/time/cost_source.hh"

namespace splitwan::netsim {

// What jobs do: compute, or nothing, as in a replay. Then a party need not hand over to have one run, and
// goes on at once where nothing else would happen before its end.
enum class Jobs : std::uint8_t { compute, nothing };

class Conductor : public engine::Network {
 public:
  // `edges` says which parties are joined; the simulator's connections are its indices.
  Conductor(std::shared_ptr<LinkSimulator>, std::vector<Edge> edges, CostSource,
            MessageSize = engine::wire_size, Jobs = Jobs::compute);
  ~Conductor() override;

  // Virtual time starts at 0 and goes on over several runs. Throws Error on a stall (nobody works, nothing
  // flies), naming who waits for whom.
  void run(const std::map<PartyId, engine::PartyMain>& parties) override;

  struct State;  // shared with the parties' ends

 private:
  std::unique_ptr<State> state_;
};

}  // namespace splitwan::netsim
