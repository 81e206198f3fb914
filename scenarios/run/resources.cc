#include "scenarios/run/resources.hh"

#include <fmt/format.h>

#include "engine/base/error.hh"

namespace splitwan::scenarios {

const engine::ModelEnds& LoadedModel::ends(const engine::SplitPlan& plan) {
  auto& ends = ends_[{plan.head.end, plan.tail.begin}];
  if (!ends) ends = std::make_unique<engine::ModelEnds>(checkpoint_, plan.head, plan.tail, storage_, place_);
  return *ends;
}

const engine::LayerStack& LoadedModel::middle(engine::LayerRange range) {
  auto& middle = middles_[{range.begin, range.end}];
  if (!middle) middle = std::make_unique<engine::LayerStack>(checkpoint_, range, storage_, place_);
  return *middle;
}

const engine::TokenLayers& LoadedModel::token_layers(engine::LayerRange range) {
  auto& layers = token_layers_[{range.begin, range.end}];
  if (!layers) layers = std::make_unique<engine::TokenLayers>(checkpoint_, range, storage_);
  return *layers;
}

const engine::ModelEnds& LoadedModel::whole() {
  const int n = config().layers;
  return ends({{0, n}, {n, n}, {n, n}});
}

LoadedModel& Resources::model(const std::string& folder, engine::Storage storage, engine::Placement place) {
  auto& model =
      models_[fmt::format("{}\n{} {} {}", folder, name_of(storage), place.device.str(), place.is_aten())];
  if (!model) model = std::make_unique<LoadedModel>(folder, storage, place);
  return *model;
}

const engine::Tokenizer& Resources::tokenizer(const std::string& folder) {
  auto& tokenizer = tokenizers_[folder];
  if (!tokenizer) tokenizer = engine::load_tokenizer(folder);
  return *tokenizer;
}

engine::TextFrame Resources::frame(const std::string& folder, const engine::ModelConfig& config) {
  if (const auto stated = tokenizer(folder).frame()) return *stated;
  engine::TextFrame frame;
  if (config.bos >= 0) frame.before.push_back(config.bos);
  return frame;
}

const ComputeSource& Resources::compute(const std::string& text) {
  return compute_.try_emplace(text, text).first->second;
}

const engine::DelWeights& Resources::del(const std::string& folder, int model_width) {
  auto found = del_.find(folder);
  if (found == del_.end()) found = del_.emplace(folder, engine::read_del_weights(folder, model_width)).first;
  const engine::DelWeights& weights = found->second;
  if (weights.maps->model_width != model_width)
    throw engine::Error("{}: maps for rows of {}: the model's have {}", folder, weights.maps->model_width,
                        model_width);
  return weights;
}

}  // namespace splitwan::scenarios
