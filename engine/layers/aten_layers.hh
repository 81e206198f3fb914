// The decoder layers in ATen's operations, on a device of its. Nothing here waits for the device.
#pragma once

#include "engine/checkpoint/checkpoint.hh"
#include "engine/kernels/storage.hh"
#include "engine/layers/kv_cache.hh"

namespace splitwan::engine {

// The matrices [m_i, inputs] on top of each other, on the device. Throws Error for int8 and int4.
at::Tensor device_weight(std::span<const TensorView* const> matrices, Storage, at::Device);

class AtenLayers {
 public:
  AtenLayers(Checkpoint&, LayerRange, Storage, at::Device);
  // As LayerStack's; x is on the device.
  at::Tensor operator()(at::Tensor x, KvCache&) const;
  std::size_t bytes() const;

 private:
  struct Layer {
    at::Tensor attention_norm, ffn_norm, qkv, out, gate_up, down;
  };
  at::Tensor product(const at::Tensor& x, const at::Tensor& weight) const;
  ModelConfig config_;
  at::Device device_;
  std::vector<float> frequencies_;
  std::vector<Layer> layers_;
};

}  // namespace splitwan::engine
