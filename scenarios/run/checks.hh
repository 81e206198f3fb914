// Spot checks of a scenario's server, and what a run says of them.
#pragma once

#include "engine/party/check.hh"
#include "engine/split/checks.hh"
#include "scenarios/read/scenario.hh"
#include "scenarios/run/resources.hh"

namespace splitwan::scenarios {

// `server`: the layers that it has. Loads those that are to be drawn from. Real draws are the operating
// system's, in virtual time they are of the seed. Throws Error.
engine::Checking checking_of(const Scenario&, LoadedModel&, engine::LayerRange server, std::uint64_t seed);

// For the end's "checks": {made, passed, bytes_up, bytes_down, time_s, every_steps, layers, drawn, of,
// chance, chance_per_step}.
Json checks_made(const engine::Checking&, const std::vector<engine::Check>&, engine::LayerRange server);

}  // namespace splitwan::scenarios
