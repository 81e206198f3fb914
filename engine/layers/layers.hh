// Decoder layers of a model: RMSNorm, rotary grouped-query attention, SwiGLU.
#pragma once

#include "engine/layers/backends.hh"
#include "engine/party/transport.hh"

namespace splitwan::engine {

class LayerStack {
 public:
  // Loads only these layers' tensors.
  LayerStack(Checkpoint&, LayerRange, Storage = Storage::automatic, Placement = {});

  LayerRange range() const { return range_; }
  at::Device device() const { return device_; }
  KvCache new_cache() const { return {layers_->new_slots(), config_.sliding_window}; }
  // x: [rows, width] of the step that cache.begin() opened -> its last `wanted` rows, both on the device; x
  // is overwritten. The cache takes in every row; what the last layer computes besides, it does for the
  // wanted ones only.
  at::Tensor operator()(at::Tensor x, KvCache& cache, std::int64_t wanted) const {
    return (*layers_)(std::move(x), cache, wanted);
  }
  at::Tensor operator()(at::Tensor x, KvCache& cache) const {
    return (*this)(std::move(x), cache, cache.rows());
  }
  // What one call costs: arithmetic, and weights + cache read.
  Work work(Phase, std::uint32_t rows, std::uint32_t context) const;
  std::size_t bytes() const { return layers_->bytes(); }  // of weights

 private:
  ModelConfig config_;
  LayerRange range_;
  at::Device device_;
  std::shared_ptr<const Layers> layers_;
};

}  // namespace splitwan::engine
