#include "engine/aten_ops.hh"

#include <ATen/ATen.h>

#include <cmath>

namespace splitwan::engine::aten {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double eps) {
  return x * at::rsqrt(x.square().mean(-1, true) + eps) * gain;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight) {
  return x.matmul(weight.to(x.scalar_type()).t());
}

at::Tensor rope(const at::Tensor& x, const at::Tensor& positions, double theta) {
  const auto dim = x.size(-1);
  const at::Tensor exponents = at::arange(0, dim, 2, positions.options()) / static_cast<double>(dim);
  const at::Tensor inverse = 1.0 / at::pow(at::scalar_tensor(theta, positions.options()), exponents);
  const at::Tensor angle = (positions.unsqueeze(1) * inverse).unsqueeze(1), c = angle.cos(), s = angle.sin();
  const auto halves = x.chunk(2, -1);
  return at::cat({halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s}, -1);
}

at::Tensor attention(const at::Tensor& query, const at::Tensor& keys, const at::Tensor& values,
                     const at::Tensor& seen) {
  const auto group = query.size(1) / keys.size(1);
  const at::Tensor q = query.transpose(0, 1), k = keys.repeat_interleave(group, 1).permute({1, 2, 0}),
                   v = values.repeat_interleave(group, 1).transpose(0, 1);
  const at::Tensor scores = q.matmul(k) / std::sqrt(static_cast<double>(query.size(2)));
  const at::Tensor weights = scores.masked_fill(seen.logical_not(), -INFINITY).softmax(-1);
  return weights.matmul(v).transpose(0, 1).reshape({query.size(0), -1});
}

at::Tensor silu_mul(const at::Tensor& gate, const at::Tensor& up) { return at::silu(gate) * up; }

}  // namespace splitwan::engine::aten
