// One decoder layer in ATen's operations, on any device and for autograd: whoever computes layers that way
// brings its own product and attention.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/checkpoint/checkpoint.hh"
#include "engine/kernels/storage.hh"
#include "engine/layers/aten/aten_ops.hh"

namespace splitwan::engine {

// The matrices [m_i, inputs] on top of each other, on the device. Throws Error for int8 and int4.
at::Tensor device_weight(std::span<const TensorView* const> matrices, Storage, at::Device);

struct AtenLayer {
  at::Tensor attention_norm, ffn_norm;
  at::Tensor qkv, out, gate_up, down;  // [outputs, inputs]
  at::Tensor qkv_bias;                 // undefined where the family has none
};
AtenLayer aten_layer(Checkpoint&, int layer, Storage, at::Device);

// x: [rows, width] -> the layer's output. product(x, weight); attend([rows, q, k and v]) -> [rows, q].
template <typename Product, typename Attend>
at::Tensor decode_layer(const ModelConfig& c, const AtenLayer& layer, const at::Tensor& x,
                        const Product& product, const Attend& attend) {
  at::Tensor qkv = product(aten::rms_norm(x, layer.attention_norm, c.rms_eps), layer.qkv);
  if (layer.qkv_bias.defined()) qkv = qkv + layer.qkv_bias;
  const at::Tensor y = x + product(attend(qkv), layer.out);
  const at::Tensor gate_up = product(aten::rms_norm(y, layer.ffn_norm, c.rms_eps), layer.gate_up);
  const at::Tensor gate = gate_up.narrow(1, 0, c.ffn), up = gate_up.narrow(1, c.ffn, c.ffn);
  return y + product(aten::silu_mul(gate, up), layer.down);
}

}  // namespace splitwan::engine
