// Runs scenarios: builds the network, the parties and the forwards; gives back traces.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "engine/generate.hh"
#include "scenarios/compute_source.hh"
#include "scenarios/scenario.hh"

namespace splitwan::scenarios {

// A model's parts, loaded once and shared by all runs over it.
class LoadedModel {
 public:
  explicit LoadedModel(const std::string& folder, engine::Storage storage = engine::Storage::automatic,
                       engine::Placement place = {})
      : checkpoint_(folder), storage_(storage), place_(place) {}
  engine::Checkpoint& checkpoint() { return checkpoint_; }
  const engine::ModelConfig& config() const { return checkpoint_.config(); }
  const engine::ModelEnds& ends(const engine::SplitPlan&);
  const engine::LayerStack& middle(engine::LayerRange);
  const engine::ModelEnds& whole();  // all layers, for local decoding

 private:
  engine::Checkpoint checkpoint_;
  engine::Storage storage_;
  engine::Placement place_;
  std::map<std::pair<int, int>, std::unique_ptr<engine::ModelEnds>> ends_;
  std::map<std::pair<int, int>, std::unique_ptr<engine::LayerStack>> middles_;
};

constexpr engine::PartyId client = 0, server = 1;

// One prompt through one drafter over the scenario's network. The run's header and end lines are complete but
// for the index. `on_token` as in GenerateOptions.
engine::Run run_prompt(const Scenario&, LoadedModel&, const std::string& decode, const Prompt&,
                       std::span<const engine::Token> ids, engine::Generation* result = nullptr,
                       const std::function<void(engine::Token, const at::Tensor&)>& on_token = {});

// The same with a compute source that is already read.
engine::Run run_prompt(const Scenario&, const ComputeSource&, LoadedModel&, const std::string& decode, const Prompt&,
                       std::span<const engine::Token> ids, engine::Generation* result = nullptr,
                       const std::function<void(engine::Token, const at::Tensor&)>& on_token = {});

// Every scenario x drafter x prompt, in order. `progress(done, total, what)` is called before each run.
std::vector<engine::Run> run_scenarios(
    const std::vector<Scenario>&,
    const std::function<void(std::size_t, std::size_t, const std::string&)>& progress);

}  // namespace splitwan::scenarios
