#include "engine/layers/aten/aten_ops.hh"

#include <ATen/ATen.h>

namespace splitwan::engine::aten {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double eps) {
  return x * at::rsqrt(x.square().mean(-1, true) + eps) * gain;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight) {
  return x.matmul(weight.to(x.scalar_type()).t());
}

at::Tensor linear_as_stored(const at::Tensor& x, const at::Tensor& weight) {
  return x.to(weight.scalar_type()).matmul(weight.t()).to(x.scalar_type());
}

at::Tensor rope(const at::Tensor& x, const at::Tensor& positions, double theta) {
  const auto dim = x.size(-1);
  const at::Tensor exponents = at::arange(0, dim, 2, positions.options()) / static_cast<double>(dim);
  const at::Tensor inverse = 1.0 / at::pow(at::scalar_tensor(theta, positions.options()), exponents);
  const at::Tensor angle = (positions.unsqueeze(1) * inverse).unsqueeze(1);
  return rotate(x, angle.cos(), angle.sin());
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& cosine, const at::Tensor& sine) {
  const std::int64_t half = cosine.size(-1), rest = x.size(-1) - 2 * half;
  const at::Tensor a = x.narrow(-1, 0, half), b = x.narrow(-1, half, half);
  std::vector<at::Tensor> parts = {a * cosine - b * sine, b * cosine + a * sine};
  if (rest > 0) parts.push_back(x.narrow(-1, 2 * half, rest));
  return at::cat(parts, -1);
}

at::Tensor attention(const at::Tensor& query, const at::Tensor& keys, const at::Tensor& values,
                     const at::Tensor& seen, double scale, double cap) {
  // Query heads that share a key head are further rows of one product: no key is copied per query head.
  const auto rows = query.size(0), heads = keys.size(1), group = query.size(1) / heads, dim = query.size(2);
  const at::Tensor q = query.reshape({rows, heads, group, dim}).transpose(0, 1).reshape({heads, -1, dim});
  const at::Tensor scores = soft_cap(q.matmul(keys.permute({1, 2, 0})) * scale, cap);
  const at::Tensor hidden = seen.logical_not().view({1, rows, 1, -1});
  const at::Tensor weights = scores.view({heads, rows, group, -1}).masked_fill(hidden, -INFINITY).softmax(-1);
  const at::Tensor mixed = weights.view({heads, rows * group, -1}).matmul(values.transpose(0, 1));
  return mixed.view({heads, rows, group, dim}).transpose(0, 1).reshape({rows, -1});
}

at::Tensor soft_cap(const at::Tensor& x, double cap) { return cap > 0 ? (x / cap).tanh() * cap : x; }

at::Tensor gelu_mul(const at::Tensor& gate, const at::Tensor& up) { return at::gelu(gate, "tanh") * up; }

at::Tensor silu_mul(const at::Tensor& gate, const at::Tensor& up) { return at::silu(gate) * up; }

}  // namespace splitwan::engine::aten
