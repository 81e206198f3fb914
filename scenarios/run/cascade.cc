#include "scenarios/run/cascade.hh"

#include <random>

#include "engine/base/error.hh"

namespace splitwan::scenarios {
namespace {

// Anybody may know it: that is its purpose.
constexpr const char* public_text =
    "This text is public. It stands before every prompt, and whoever computes it knows it by heart. ";

}  // namespace

engine::CascadeTerms cascade_terms(const Scenario& s, engine::LayerRange nodes) {
  return {s.cascade.terms, s.wire, nodes};
}

engine::CascadeOptions cascade_options(const Scenario& s, int length) {
  engine::CascadeOptions options;
  options.length = length;
  if (!row_of(s.network.kind).wall_time) return options;
  options.patience = s.network.patience;
  options.idle = std::max<Nanos>(std::chrono::minutes(5), s.network.patience);
  std::random_device chance;
  options.session = fmt::format("{:08x}{:08x}{:08x}{:08x}", chance(), chance(), chance(), chance());
  return options;
}

ShardNode::ShardNode(const Scenario& s, engine::PartyId self, LoadedModel* loaded)
    : scenario_(s),
      self_(s.cascade.terms.sharding.party(self)),
      config_(loaded ? loaded->config() : engine::read_model_config(s.model)),
      terms_(cascade_terms(s, engine::SplitPlan::of(config_.layers, s.head_layers, s.tail_layers).middle)) {
  if (self_.role != engine::ShardRole::comp) return;
  if (!loaded) {
    own_ = std::make_unique<LoadedModel>(s.model, s.storage, s.place);
    loaded = own_.get();
  }
  layers_ = &loaded->token_layers(terms_.nodes);
}

engine::LayerRange ShardNode::layers() const { return layers_ ? layers_->range() : engine::LayerRange{}; }

std::string ShardNode::holds() const {
  return layers_ ? fmt::format("layers {}:{} of {}", layers().begin, layers().end, config_.layers)
                 : "no weights";
}

void ShardNode::serve(engine::Party& party) const {
  const engine::CascadeOptions options = cascade_options(scenario_);
  switch (self_.role) {
    case engine::ShardRole::comp:
      return engine::serve_comp(party, terms_, *layers_, options);
    case engine::ShardRole::attn:
      return engine::serve_attn(party, terms_, config_, options);
    case engine::ShardRole::merge:
      return engine::serve_merge(party, terms_, config_, options);
    case engine::ShardRole::client:
      throw engine::Error("the client asks, it serves nobody");
  }
}

std::vector<engine::Token> public_prefix(const Scenario& s, Resources& resources) {
  const auto count = static_cast<std::size_t>(s.cascade.prefix_tokens());
  if (count == 0) return {};
  std::vector<engine::Token> prefix;
  const engine::TextFrame frame =
      resources.frame(s.model, resources.model(s.model, s.storage, s.place).config());
  prefix = frame.before;
  const std::vector<engine::Token> text = resources.tokenizer(s.model).encode(public_text);
  for (std::size_t i = 0; prefix.size() < count; ++i) prefix.push_back(text[i % text.size()]);
  prefix.resize(count);
  return prefix;
}

}  // namespace splitwan::scenarios
