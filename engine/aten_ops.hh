// The operations of a decoder layer in ATen, on any device: what the CPU arithmetic is compared with, and
// what a device without kernels of ours runs.
#pragma once

#include <ATen/core/Tensor.h>

namespace splitwan::engine::aten {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double eps);     // rows of x
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight);                 // weight: [outputs, inputs]
at::Tensor rope(const at::Tensor& x, const at::Tensor& positions, double theta);  // x: [rows, heads, dim]
// query: [rows, heads, dim]; keys, values: [slots, kv_heads, dim]; seen: [rows, slots] -> [rows, heads *
// dim].
at::Tensor attention(const at::Tensor& query, const at::Tensor& keys, const at::Tensor& values,
                     const at::Tensor& seen);
at::Tensor silu_mul(const at::Tensor& gate, const at::Tensor& up);

}  // namespace splitwan::engine::aten
