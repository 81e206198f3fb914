// One decoder layer in ATen's operations, on any device and for autograd: whoever computes layers that way
// brings its own product and attention.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/checkpoint/checkpoint.hh"
#include "engine/kernels/storage.hh"
#include "engine/layers/aten/aten_ops.hh"
#include "engine/layers/rope.hh"

namespace splitwan::engine {

// The matrices [m_i, inputs] on top of each other, on the device. Throws Error for int8 and int4.
at::Tensor device_weight(std::span<const TensorView> matrices, Storage, at::Device);

// What a family has none of is undefined. Norms are what rows are multiplied by.
struct AtenLayer {
  LayerKind kind;
  at::Tensor attention_norm, ffn_norm, after_attention, after_ffn, q_norm, k_norm;
  at::Tensor qkv, out, gate_up, down;  // [outputs, inputs]
  at::Tensor qkv_bias, out_bias, gate_up_bias, down_bias;
};
AtenLayer aten_layer(Checkpoint&, int layer, Storage, at::Device);

// The angles of a step's rows, in each way that the model's layers turn.
struct Turning {
  struct Angles {
    at::Tensor cosine, sine;  // [rows, 1, turning_dims / 2]
  };
  Angles main, local;
  at::Tensor growth;  // [rows, 1, 1], of queries; undefined where they do not grow
};
Turning turning(const ModelConfig&, const Rotary&, std::span<const std::int32_t> positions, at::Device);

// q, k and v of rows as attention takes them: [rows, heads, head_dim].
struct QueriesKeysValues {
  at::Tensor queries, keys, values;
};
QueriesKeysValues turned(const ModelConfig&, const AtenLayer&, const at::Tensor& qkv, const Turning&);

// Logits of rows behind the last norm.
at::Tensor logits_of(const ModelConfig&, const at::Tensor& x, const at::Tensor& norm, const at::Tensor& head);

namespace aten {

inline at::Tensor biased(const at::Tensor& x, const at::Tensor& bias) {
  return bias.defined() ? x + bias : x;
}
inline at::Tensor normed(const ModelConfig& c, const at::Tensor& x, const at::Tensor& gain) {
  return gain.defined() ? rms_norm(x, gain, c.rms_eps) : x;
}
// Queries and keys of [rows, q, k and v] behind their norms.
at::Tensor normed_heads(const ModelConfig&, const AtenLayer&, const at::Tensor& qkv);
at::Tensor gated(const ModelConfig&, const at::Tensor& gate_up);

}  // namespace aten

// x: [rows, width] -> [rows, q, k and v], not turned yet.
template <typename Product>
at::Tensor project(const ModelConfig& c, const AtenLayer& layer, const at::Tensor& x,
                   const Product& product) {
  const at::Tensor qkv = product(aten::normed(c, x, layer.attention_norm), layer.qkv);
  return aten::normed_heads(c, layer, aten::biased(qkv, layer.qkv_bias));
}

// x: [rows, width] -> the layer's output. product(x, weight); attend([rows, q, k and v]) -> [rows, q].
template <typename Product, typename Attend>
at::Tensor decode_layer(const ModelConfig& c, const AtenLayer& layer, const at::Tensor& x,
                        const Product& product, const Attend& attend) {
  const auto added = [&](const at::Tensor& stream, const at::Tensor& block, const at::Tensor& norm) {
    const at::Tensor more = aten::normed(c, block, norm);
    return stream + (c.residual_scale == 1 ? more : more * c.residual_scale);
  };
  const at::Tensor mixed = attend(project(c, layer, x, product));
  const at::Tensor y =
      added(x, aten::biased(product(mixed, layer.out), layer.out_bias), layer.after_attention);
  const at::Tensor gate_up =
      aten::biased(product(aten::normed(c, y, layer.ffn_norm), layer.gate_up), layer.gate_up_bias);
  const at::Tensor hidden = aten::gated(c, gate_up);
  return added(y, aten::biased(product(hidden, layer.down), layer.down_bias), layer.after_ffn);
}

}  // namespace splitwan::engine
