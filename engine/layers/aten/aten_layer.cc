#include "engine/layers/aten/aten_layer.hh"

#include <ATen/ATen.h>

#include <cstring>

#include "engine/base/error.hh"
#include "engine/layers/device.hh"
#include "engine/layers/kernel_layer.hh"
#include "engine/layers/layer_tensors.hh"
#include "engine/layers/linear.hh"

namespace splitwan::engine {
namespace {

at::ScalarType scalar_type(DType type) {
  return type == DType::f32 ? at::kFloat : type == DType::bf16 ? at::kBFloat16 : at::kHalf;
}

at::ScalarType scalar_type(Storage storage, at::Device device) {
  switch (storage) {
    case Storage::f32:
      return at::kFloat;
    case Storage::bf16:
      return at::kBFloat16;
    case Storage::f16:
      return at::kHalf;
    default:
      throw Error("storage {}: only our own CPU kernels read it; on {} expected auto, f32, bf16 or f16",
                  name_of(storage), device.str());
  }
}

}  // namespace

at::Tensor device_weight(std::span<const TensorView> matrices, Storage storage, at::Device device) {
  const auto type = scalar_type(storage_of(storage, matrices.front().dtype), device);
  std::int64_t outputs = 0;
  for (const TensorView& m : matrices) outputs += m.shape[0];
  at::Tensor weight = at::empty({outputs, matrices.front().shape[1]}, at::TensorOptions(type).device(device));
  std::int64_t first = 0;
  for (const TensorView& m : matrices) {
    const at::Tensor host = at::empty(m.shape, scalar_type(m.dtype));
    std::memcpy(host.data_ptr(), m.data.data(), m.data.size());
    weight.narrow(0, first, m.shape[0]).copy_(host);
    first += m.shape[0];
  }
  return weight;
}

AtenLayer aten_layer(Checkpoint& checkpoint, int layer, Storage storage, at::Device device) {
  const ModelConfig& c = checkpoint.config();
  const LayerTensors t = layer_tensors(checkpoint, layer);
  const auto norm = [&](const std::optional<TensorView>& weight) {
    return weight ? gain_of(c, *weight).to(device) : at::Tensor();
  };
  const auto bias = [&](std::span<const TensorView> parts) {
    return parts.empty() ? at::Tensor() : joined_f32(parts).to(device);
  };
  AtenLayer loaded{.kind = c.kind(layer),
                   .attention_norm = norm(t.attention_norm),
                   .ffn_norm = norm(t.ffn_norm),
                   .after_attention = norm(t.after_attention),
                   .after_ffn = norm(t.after_ffn),
                   .q_norm = norm(t.q_norm),
                   .k_norm = norm(t.k_norm),
                   .qkv = device_weight(t.qkv, storage, device),
                   .out = device_weight(t.out, storage, device),
                   .gate_up = device_weight(t.gate_up, storage, device),
                   .down = device_weight(t.down, storage, device),
                   .qkv_bias = bias(t.qkv_bias),
                   .out_bias = bias(t.out_bias),
                   .gate_up_bias = bias(t.gate_up_bias),
                   .down_bias = bias(t.down_bias)};
  checkpoint.release();  // or the weights would be in memory twice
  return loaded;
}

Turning turning(const ModelConfig& c, const Rotary& rotary, std::span<const std::int32_t> positions,
                at::Device device) {
  const auto rows = static_cast<std::int64_t>(positions.size());
  const auto angles = [&](Turn turn) {
    const at::Tensor both = host_buffer({2, rows, 1, c.turning_dims() / 2}, at::kFloat, device);
    rotary.angles(turn, positions, both[0].data_ptr<float>(), both[1].data_ptr<float>());
    const at::Tensor there = upload(both, device);
    return Turning::Angles{there[0], there[1]};
  };
  Turning t;
  t.main = angles(Turn::main);
  if (c.local_theta > 0) t.local = angles(Turn::local);
  if (c.query_growth > 0) {
    const at::Tensor growth = host_buffer({rows, 1, 1}, at::kFloat, device);
    for (std::int64_t row = 0; row < rows; ++row)
      growth.data_ptr<float>()[row] = query_growth(c, positions[static_cast<std::size_t>(row)]);
    t.growth = upload(growth, device);
  }
  return t;
}

QueriesKeysValues turned(const ModelConfig& c, const AtenLayer& layer, const at::Tensor& qkv,
                         const Turning& t) {
  const std::int64_t rows = qkv.size(0), q = c.q_width(), kv = c.kv_width();
  at::Tensor heads = qkv.narrow(1, 0, q + kv).view({rows, c.heads + c.kv_heads, c.head_dim});
  const Turning::Angles& by = layer.kind.turn == Turn::local ? t.local : t.main;
  if (layer.kind.turn != Turn::none) heads = aten::rotate(heads, by.cosine, by.sine);
  at::Tensor queries = heads.narrow(1, 0, c.heads);
  if (t.growth.defined()) queries = queries * t.growth;
  return {queries, heads.narrow(1, c.heads, c.kv_heads),
          qkv.narrow(1, q + kv, kv).view({rows, c.kv_heads, c.head_dim})};
}

at::Tensor logits_of(const ModelConfig& c, const at::Tensor& x, const at::Tensor& norm,
                     const at::Tensor& head) {
  const at::Tensor logits = aten::linear(aten::rms_norm(x, norm, c.rms_eps), head);
  return aten::soft_cap(c.logits_divisor == 1 ? logits : logits / c.logits_divisor, c.logits_cap);
}

namespace aten {

at::Tensor normed_heads(const ModelConfig& c, const AtenLayer& layer, const at::Tensor& qkv) {
  if (c.traits.qk_norm == QkNorm::none) return qkv;
  const std::int64_t rows = qkv.size(0), q = c.q_width(), kv = c.kv_width();
  const auto part = [&](std::int64_t first, std::int64_t width, int heads, const at::Tensor& gain) {
    const at::Tensor all = qkv.narrow(1, first, width);
    if (c.traits.qk_norm == QkNorm::whole) return rms_norm(all, gain, c.rms_eps);
    return rms_norm(all.reshape({rows, heads, c.head_dim}), gain, c.rms_eps).view({rows, width});
  };
  return at::cat(
      {part(0, q, c.heads, layer.q_norm), part(q, kv, c.kv_heads, layer.k_norm), qkv.narrow(1, q + kv, kv)},
      1);
}

at::Tensor gated(const ModelConfig& c, const at::Tensor& gate_up) {
  const at::Tensor gate = gate_up.narrow(1, 0, c.ffn), up = gate_up.narrow(1, c.ffn, c.ffn);
  return c.traits.activation == Activation::gelu_tanh ? gelu_mul(gate, up) : silu_mul(gate, up);
}

}  // namespace aten

}  // namespace splitwan::engine
