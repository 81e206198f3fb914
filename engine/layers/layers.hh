// Decoder layers of a model: RMSNorm, rotary grouped-query attention, a gated feed-forward block.
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
  // Of a session; `length`: positions that it is planned to reach, which some models turn by (0 = the whole
  // context).
  KvCache new_cache(int length = 0) const {
    return {layers_->new_slots(),
            turns_by_length(config_.rope) ? std::make_shared<Rotary>(config_, length) : rotary_};
  }
  // x: [rows, width] of the steps that each session's cache.begin() opened, a session below the other -> the
  // rows that are wanted, in the same order; both on the device, x is overwritten. A cache takes in every row
  // of its session; what the last layer computes besides, it does for the wanted ones only. With our kernels
  // a row's bits do not depend on who else is in the call.
  at::Tensor operator()(at::Tensor x, std::span<const SessionRows>) const;
  // Of one session.
  at::Tensor operator()(at::Tensor x, KvCache& cache, std::int64_t wanted) const {
    const SessionRows alone{&cache, wanted};
    return (*this)(std::move(x), std::span(&alone, 1));
  }
  at::Tensor operator()(at::Tensor x, KvCache& cache) const {
    return (*this)(std::move(x), cache, cache.rows());
  }
  // What one call costs: arithmetic, and weights + cache read.
  Work work(Phase, std::uint32_t rows, std::uint32_t context) const;
  std::size_t bytes() const { return layers_->bytes(); }  // of weights
  // Of each layer: rows have the same bits on machines that say the same. Empty: no machine's do for sure.
  std::vector<std::string> arithmetic() const { return layers_->arithmetic(); }

 private:
  ModelConfig config_;
  LayerRange range_;
  at::Device device_;
  std::shared_ptr<const Layers> layers_;
  std::shared_ptr<const Rotary> rotary_;
};

}  // namespace splitwan::engine
