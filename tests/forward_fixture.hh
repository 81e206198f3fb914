// Runs engine code as parties over an ideal network, on a small random model.
#pragma once

#include <ATen/ATen.h>

#include "engine/forward.hh"
#include "netsim/conductor.hh"
#include "netsim/ideal_simulator.hh"
#include "netsim/network_spec.hh"
#include "tests/fixtures.hh"

namespace splitwan::tests {

struct RandomModel {
  explicit RandomModel(const engine::Json& config = engine::Json::object()) {
    write_random_model(folder.string(), config);
    checkpoint.emplace(folder.string());
    const int n = checkpoint->config().layers;
    whole.emplace(*checkpoint, engine::LayerRange{0, n}, engine::LayerRange{n, n});
  }
  const engine::ModelConfig& config() const { return checkpoint->config(); }

  TemporaryFolder folder;
  std::optional<engine::Checkpoint> checkpoint;
  std::optional<engine::ModelEnds> whole;
};

// So many tokens of the small model's vocabulary.
inline std::vector<engine::Token> prompt_of(int n) {
  std::vector<engine::Token> ids(n);
  for (int i = 0; i < n; ++i) ids[i] = (i * i + 3 * (i % 5)) % 90;
  return ids;
}

struct Recorded {
  engine::MemoryRecorder client, server;
};

// `job` as the only party.
template <typename Job>
void alone(Job&& job) {
  engine::MemoryRecorder recorder;
  netsim::Conductor network(netsim::make_ideal_simulator({}), {}, netsim::reference_cost());
  network.run({{0, [&](engine::Transport& t, engine::Clock& c) {
                  engine::Party party(0, t, c, recorder);
                  job(party);
                }}});
}

// `job` with a Forward over all layers in one place.
template <typename Job>
void locally(const engine::ModelEnds& whole, Job&& job) {
  alone([&](engine::Party& party) {
    const auto forward = engine::make_local(party, whole);
    job(party, *forward);
  });
}
template <typename Job>
void locally(RandomModel& model, Job&& job) {
  locally(*model.whole, job);
}

// `job` with a Forward whose middle layers are another party's, over an 80 ms link.
template <typename Job>
Recorded split(RandomModel& model, int head, int tail, engine::SplitOptions options, Job&& job) {
  const auto plan = engine::SplitPlan::of(model.config().layers, head, tail);
  const engine::ModelEnds ends(*model.checkpoint, plan.head, plan.tail);
  const engine::LayerStack middle(*model.checkpoint, plan.middle);
  Recorded recorded;
  const auto spec = netsim::two_party_network(std::chrono::milliseconds(80), 1e9, 1e9);
  netsim::Conductor network(netsim::make_ideal_simulator(spec), spec.edges, netsim::reference_cost());
  network.run({{0,
                [&](engine::Transport& t, engine::Clock& c) {
                  engine::Party party(0, t, c, recorded.client);
                  const auto forward = engine::make_split(party, 1, ends, options);
                  job(party, *forward);
                  forward->close();
                }},
               {1, [&](engine::Transport& t, engine::Clock& c) {
                  engine::Party party(1, t, c, recorded.server);
                  engine::serve_middle(party, 0, model.config(), middle);
                }}});
  return recorded;
}

}  // namespace splitwan::tests
