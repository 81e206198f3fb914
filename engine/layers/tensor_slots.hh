// For ATen's operations: the slots of all layers are one tensor on the device.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/layers/kv_slots.hh"

namespace splitwan::engine {

class TensorSlots : public KvSlots {
 public:
  TensorSlots(int layers, int kv_heads, int head_dim, at::Device);
  // By doubling, and halving: a copy within the device, rare, that attention over one tensor is worth.
  void fit(int slots, int used) override;
  void move(int from, int to) override;
  std::uint64_t bytes() const override { return tensor_.nbytes(); }

  // Stores the keys and values of rows, [rows, kv_heads, head_dim] each, at these slots -> those of the first
  // `all`. `places`: [rows] on the device; undefined where they follow each other from `first` on.
  std::pair<at::Tensor, at::Tensor> put(int layer, int first, const at::Tensor& places, int all,
                                        const at::Tensor& keys, const at::Tensor& values);

 private:
  at::Tensor tensor_;  // [layers, key or value, slots, kv_heads, head_dim]
};

}  // namespace splitwan::engine
