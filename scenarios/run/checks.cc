#include "scenarios/run/checks.hh"

#include "engine/base/error.hh"

namespace splitwan::scenarios {
namespace {

std::vector<int> layers_of(const CheckChoice& c, engine::LayerRange server) {
  std::vector<int> layers = c.layers;
  for (int layer = server.begin; c.layers.empty() && layer < server.end; ++layer) layers.push_back(layer);
  for (const int layer : layers)
    if (layer < server.begin || layer >= server.end)
      throw engine::Error("check_layers: layer {}: the server has {} to {}", layer, server.begin,
                          server.end - 1);
  return layers;
}

}  // namespace

engine::Checking checking_of(const Scenario& s, LoadedModel& model, engine::LayerRange server,
                             std::uint64_t seed) {
  const std::vector<int> layers = layers_of(s.checks, server);
  if (std::cmp_greater(s.checks.draws, layers.size()))
    throw engine::Error("check_draws: {} layers of {}: expected at most those of check_layers",
                        s.checks.draws, layers.size());
  engine::Checking checking{.every_steps = s.checks.steps, .draws = s.checks.draws, .layers = {}};
  for (const int layer : layers) checking.layers.push_back(&model.middle({layer, layer + 1}));
  if (!row_of(s.network.kind).wall_time) checking.bits = engine::RandomBits(seed);
  return checking;
}

Json checks_made(const engine::Checking& terms, const std::vector<engine::Check>& checks,
                 engine::LayerRange server) {
  Json made = checks_summary(checks), layers = Json::array();
  for (const engine::LayerStack* layer : terms.layers) layers.push_back(layer->range().begin);
  const double chance = chance_per_check(terms, server.size());
  made.update({{"every_steps", terms.every_steps},
               {"layers", layers},
               {"drawn", terms.draws},
               {"of", server.size()},
               {"chance", chance},
               {"chance_per_step", chance / terms.every_steps}});
  return made;
}

}  // namespace splitwan::scenarios
