// For ATen's operations: the slots of all layers are one tensor on the device.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/layers/kv_slots.hh"

namespace splitwan::engine {

class TensorSlots : public KvSlots {
 public:
  TensorSlots(int layers, int kv_heads, int head_dim, at::Device);
  // Doubling: a copy within the device, rare, that attention over one tensor is worth.
  void reserve(int slots, int used) override;
  void move(int from, int to) override;

  // Stores the keys and values of rows from slot `first` on, [rows, kv_heads, head_dim] each -> those of all
  // slots up to the last of them.
  std::pair<at::Tensor, at::Tensor> extend(int layer, int first, const at::Tensor& keys,
                                           const at::Tensor& values);

 private:
  at::Tensor tensor_;  // [layers, key or value, slots, kv_heads, head_dim]
};

}  // namespace splitwan::engine
