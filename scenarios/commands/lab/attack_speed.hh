// What depth and defences cost in tokens/s: a latency model is fitted to another scenario's runs, made here,
// and asked about the chosen link.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/schema.hh"
#include "scenarios/commands/plain/model_question.hh"

namespace splitwan::scenarios {

using engine::Json;

struct SpeedQuestion {
  std::string scenario;  // relative ones are sought from the asking file's folder
  LinkWords link;
  std::string drafter = "sequential", geometry;  // geometry: as fitted, or scaled to a larger model
};
std::vector<engine::SchemaKey> speed_schema();
// Throws Error naming the key.
SpeedQuestion speed_question(const Json& object, const std::string& file);

struct PricedDefence {
  std::string name, wire;    // wire: f32 where the defence says nothing else
  std::vector<int> depths;   // layers that the client keeps at each end
  bool drawn_depth = false;  // one of them per session: the mean rate is theirs
};

// {"link": {rtt_s, up_bps, ..}, "drafter", "assumptions", "speed": [{cut, depth (the deepest when drawn),
// defence, tokens_per_s, tokens_per_s_ci90, extrapolated}]}.
Json price(const SpeedQuestion&, const std::vector<PricedDefence>&,
           const std::function<void(std::size_t, std::size_t, const std::string&)>& progress);

}  // namespace splitwan::scenarios
