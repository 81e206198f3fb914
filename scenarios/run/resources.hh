// What runs share, loaded once: models, tokenizers, recorded compute.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/layers/model_ends.hh"
#include "engine/layers/token_layers.hh"
#include "engine/privacy/del_weights.hh"
#include "engine/text/tokenizer.hh"
#include "scenarios/read/compute_source.hh"

namespace splitwan::scenarios {

// A model's parts, each loaded when it is first asked for.
class LoadedModel {
 public:
  explicit LoadedModel(const std::string& folder, engine::Storage storage = engine::Storage::automatic,
                       engine::Placement place = {})
      : checkpoint_(folder), storage_(storage), place_(place) {}
  engine::Checkpoint& checkpoint() { return checkpoint_; }
  const engine::ModelConfig& config() const { return checkpoint_.config(); }
  const engine::ModelEnds& ends(const engine::SplitPlan&);
  const engine::LayerStack& middle(engine::LayerRange);
  const engine::TokenLayers& token_layers(engine::LayerRange);  // for nodes that share attention
  const engine::ModelEnds& whole();                             // all layers, for local decoding

 private:
  engine::Checkpoint checkpoint_;
  engine::Storage storage_;
  engine::Placement place_;
  std::map<std::pair<int, int>, std::unique_ptr<engine::ModelEnds>> ends_;
  std::map<std::pair<int, int>, std::unique_ptr<engine::LayerStack>> middles_;
  std::map<std::pair<int, int>, std::unique_ptr<engine::TokenLayers>> token_layers_;
};

class Resources {
 public:
  LoadedModel& model(const std::string& folder, engine::Storage = engine::Storage::automatic,
                     engine::Placement = {});
  const engine::Tokenizer& tokenizer(const std::string& folder);
  // What its files put around a whole text; where they do not say, the first token that the config names.
  engine::TextFrame frame(const std::string& folder, const engine::ModelConfig&);
  const ComputeSource& compute(const std::string& text);
  const engine::DelWeights& del(const std::string& folder, int model_width);

 private:
  std::map<std::string, std::unique_ptr<LoadedModel>> models_;  // by everything that they were loaded with
  std::map<std::string, std::unique_ptr<engine::Tokenizer>> tokenizers_;
  std::map<std::string, ComputeSource> compute_;
  std::map<std::string, engine::DelWeights> del_;
};

}  // namespace splitwan::scenarios
