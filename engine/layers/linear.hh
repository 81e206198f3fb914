// A weight matrix packed once into 16-row panels, and the product with it. CPU, f32 in and out.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/kernels/arena.hh"
#include "engine/kernels/storage.hh"
#include "engine/layers/parallel.hh"

namespace splitwan::engine {

// A copy of the view as f32, in its shape.
at::Tensor to_f32(const TensorView&);

// Vectors behind each other as f32; undefined when there are none.
at::Tensor joined_f32(std::span<const TensorView>);

class PackedLinear {
 public:
  PackedLinear() = default;
  // Stacks matrices [m_i, inputs] on top of each other: one product serves q, k and v, or gate and up.
  PackedLinear(std::span<const TensorView> matrices, std::int64_t inputs, Storage = Storage::automatic);

  // x: [rows, inputs] -> y: [rows, outputs]. Batch invariant: a row's bits depend on nothing but the row.
  void operator()(const float* x, std::int64_t rows, float* y) const;
  at::Tensor operator()(const at::Tensor& x) const;

  Storage storage() const { return storage_; }
  std::int64_t outputs() const { return outputs_; }
  std::int64_t elements() const { return inputs_ * outputs_; }
  std::size_t bytes() const { return packed_.size(); }

 private:
  std::int64_t inputs_ = 0, outputs_ = 0;
  Storage storage_ = Storage::f32;
  Arena packed_;
};

}  // namespace splitwan::engine
