// The parties of a run whose tokens are sharded among nodes.
#pragma once

#include "engine/net/shard_links.hh"
#include "engine/split/cascade/cascade.hh"
#include "scenarios/read/scenario.hh"
#include "scenarios/run/resources.hh"

namespace splitwan::scenarios {

engine::CascadeTerms cascade_terms(const Scenario&, engine::LayerRange nodes);
// How long its parties wait for each other.
// `length`: the client's (CascadeOptions).
engine::CascadeOptions cascade_options(const Scenario&, int length = 0);

// Any party but the client, ready to serve sessions. CompNodes load the nodes' layers and nothing else, the
// others read the model's config alone. Nodes of one process share what `loaded` holds, where it is given.
class ShardNode {
 public:
  ShardNode(const Scenario&, engine::PartyId self, LoadedModel* loaded = nullptr);

  engine::LayerRange layers() const;  // that it holds: none of an AttnNode
  std::string holds() const;          // "layers 0:6 of 6", "no weights"
  void serve(engine::Party&) const;   // one session

 private:
  const Scenario& scenario_;
  engine::ShardParty self_;
  engine::ModelConfig config_;
  engine::CascadeTerms terms_;
  std::unique_ptr<LoadedModel> own_;
  const engine::TokenLayers* layers_ = nullptr;
};

// Tokens of the public text that stands before a prompt, begin-of-text token first where the model has one.
std::vector<engine::Token> public_prefix(const Scenario&, Resources&);

}  // namespace splitwan::scenarios
