// A weight matrix packed once into 16-row panels, and the product with it. CPU, f32.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "engine/safetensors.hh"

namespace splitwan::engine {

// A copy of the view as f32, in its shape.
at::Tensor to_f32(const TensorView&);

// Splits [0, n) over the threads of this compute thread when n * cost (multiply-adds) is worth it.
void parallel(std::int64_t n, std::int64_t cost,
              const std::function<void(std::int64_t, std::int64_t)>& range);

class PackedLinear {
 public:
  PackedLinear() = default;
  // Stacks matrices [m_i, inputs] on top of each other: one product serves q, k and v, or gate and up.
  PackedLinear(std::span<const TensorView* const> matrices, std::int64_t inputs);

  at::Tensor operator()(const at::Tensor& x) const;  // [rows, inputs] -> [rows, outputs]; batch invariant
  std::int64_t outputs() const { return outputs_; }
  std::int64_t elements() const { return inputs_ * outputs_; }

 private:
  std::int64_t inputs_ = 0, outputs_ = 0;
  at::Tensor packed_;  // [panels, inputs, 16]
};

}  // namespace splitwan::engine
