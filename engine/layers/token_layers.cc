#include "engine/layers/token_layers.hh"

#include <ATen/ATen.h>

namespace splitwan::engine {
namespace {

LayerRoom& room_for(const ModelConfig& config, std::int64_t rows) {
  thread_local LayerRoom room;
  room.size_for(config, rows);
  return room;
}

}  // namespace

TokenLayers::TokenLayers(Checkpoint& checkpoint, LayerRange range, Storage storage)
    : config_(checkpoint.config()), range_(range) {
  for (int layer = range.begin; layer < range.end; ++layer) layers_.emplace_back(checkpoint, layer, storage);
}

std::size_t TokenLayers::bytes() const {
  std::size_t sum = 0;
  for (const KernelLayer& layer : layers_) sum += layer.bytes();
  return sum;
}

at::Tensor TokenLayers::before(int layer, const at::Tensor& x, const Rotary& rotary,
                               std::span<const std::int32_t> positions) const {
  const std::int64_t rows = x.size(0);
  LayerRoom& room = room_for(config_, rows);
  room.turn(config_, rotary, 0, positions);
  at(layer).project(config_, x.data_ptr<float>(), rows, room);
  return at::from_blob(room.qkv, {rows, config_.q_width() + 2 * config_.kv_width()}).clone();
}

void TokenLayers::after(int layer, at::Tensor& x, const at::Tensor& mixed) const {
  at(layer).finish(config_, x.data_ptr<float>(), x.size(0), mixed.data_ptr<float>(),
                   room_for(config_, x.size(0)));
}

Work TokenLayers::work(int layer, std::uint32_t rows) const {
  const LayerWeights weights = layer_weights(config_);
  const bool opens = layer<range_.end, closes = layer> range_.begin;
  const double used = (opens ? weights.qkv : 0) + (closes ? weights.all() - weights.qkv : 0);
  const double stored = static_cast<double>(bytes()) / range_.size() / weights.all();
  return {Phase::middle, rows, 0, 2 * used * rows, used * stored};
}

}  // namespace splitwan::engine
