// The operations of a decoder layer in ATen, on any device: what the CPU arithmetic is compared with, and
// what a device without kernels of ours runs.
#pragma once

#include <ATen/core/Tensor.h>

namespace splitwan::engine::aten {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double eps);  // over x's last dimension
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight);              // weight: [outputs, inputs]
// In the weight's own type, as a GPU is fastest: reads the weight once, rounds x and the result.
at::Tensor linear_as_stored(const at::Tensor& x, const at::Tensor& weight);
at::Tensor rope(const at::Tensor& x, const at::Tensor& positions, double theta);  // x: [rows, heads, dim]
// Turns the first dimensions of x's last one, two for each angle; cosine, sine: [rows, 1, angles].
at::Tensor rotate(const at::Tensor& x, const at::Tensor& cosine, const at::Tensor& sine);
// query: [rows, heads, dim]; keys, values: [slots, kv_heads, dim]; seen: [rows, slots] -> [rows, heads *
// dim].
at::Tensor attention(const at::Tensor& query, const at::Tensor& keys, const at::Tensor& values,
                     const at::Tensor& seen, double scale, double cap = 0);
at::Tensor soft_cap(const at::Tensor& x, double cap);  // cap * tanh(x / cap); 0: x
at::Tensor silu_mul(const at::Tensor& gate, const at::Tensor& up);
at::Tensor gelu_mul(const at::Tensor& gate, const at::Tensor& up);  // GELU's tanh form

}  // namespace splitwan::engine::aten
