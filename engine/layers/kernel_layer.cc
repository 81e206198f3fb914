#include "engine/layers/kernel_layer.hh"

#include <ATen/ATen.h>

#include "engine/layers/layer_tensors.hh"

namespace splitwan::engine {

void LayerRoom::size_for(const ModelConfig& c, std::int64_t rows) {
  const int half = c.turning_dims() / 2, local_half = c.local_theta > 0 ? half : 0;
  const std::int64_t widths[] = {c.width,
                                 c.q_width() + 2 * c.kv_width(),
                                 c.q_width(),
                                 c.width,
                                 2 * c.ffn,
                                 c.ffn,
                                 half,
                                 half,
                                 local_half,
                                 local_half,
                                 c.query_growth > 0};
  float** const places[] = {&normed,      &qkv,       &mixed,        &out,        &gate_up, &hidden,
                            &main.cosine, &main.sine, &local.cosine, &local.sine, &growth};
  std::int64_t total = 0;
  for (const auto width : widths) total += (rows * width + 15) / 16 * 16;
  float* at = memory_.of<float>(total);
  for (std::size_t i = 0; i < std::size(widths); ++i) {
    *places[i] = at;
    at += (rows * widths[i] + 15) / 16 * 16;
  }
}

void LayerRoom::turn(const ModelConfig& c, const Rotary& rotary, std::int64_t first,
                     std::span<const std::int32_t> positions) {
  const std::int64_t at = first * c.turning_dims() / 2;
  rotary.angles(Turn::main, positions, main.cosine + at, main.sine + at);
  if (c.local_theta > 0) rotary.angles(Turn::local, positions, local.cosine + at, local.sine + at);
  for (std::size_t i = 0; c.query_growth > 0 && i < positions.size(); ++i)
    growth[first + static_cast<std::int64_t>(i)] = query_growth(c, positions[i]);
}

void rms_norm(const float* x, std::int64_t rows, const at::Tensor& gain, double eps, float* y) {
  const std::int64_t n = gain.size(0);
  for (std::int64_t row = 0; row < rows; ++row)
    kernels::best().rms_norm(x + row * n, gain.data_ptr<float>(), n, static_cast<float>(eps), y + row * n);
}

at::Tensor gain_of(const ModelConfig& c, const TensorView& weight) {
  const at::Tensor gain = to_f32(weight);
  return c.traits.gain_above_one ? gain + 1 : gain;
}

void KernelLayer::Product::operator()(const float* x, std::int64_t rows, float* y) const {
  matrix(x, rows, y);
  const std::int64_t width = matrix.outputs();
  for (std::int64_t row = 0; bias.defined() && row < rows; ++row)
    kernels::best().add(y + row * width, bias.data_ptr<float>(), 1, width);
}

KernelLayer::KernelLayer(Checkpoint& checkpoint, int layer, Storage storage)
    : kind_(checkpoint.config().kind(layer)) {
  const ModelConfig& c = checkpoint.config();
  const LayerTensors t = layer_tensors(checkpoint, layer);
  const auto pack = [&](std::span<const TensorView> views, std::int64_t inputs,
                        std::span<const TensorView> bias) {
    Product product{PackedLinear(views, inputs, storage), joined_f32(bias)};
    checkpoint.release();  // or the weights would be in memory twice
    return product;
  };
  const auto norm = [&](const std::optional<TensorView>& weight) {
    return weight ? gain_of(c, *weight) : at::Tensor();
  };
  attention_norm_ = norm(t.attention_norm);
  ffn_norm_ = norm(t.ffn_norm);
  after_attention_ = norm(t.after_attention);
  after_ffn_ = norm(t.after_ffn);
  q_norm_ = norm(t.q_norm);
  k_norm_ = norm(t.k_norm);
  qkv_ = pack(t.qkv, c.width, t.qkv_bias);
  out_ = pack(t.out, c.q_width(), t.out_bias);
  gate_up_ = pack(t.gate_up, c.width, t.gate_up_bias);
  down_ = pack(t.down, c.ffn, t.down_bias);
}

void KernelLayer::project(const ModelConfig& c, const float* stream, std::int64_t rows,
                          LayerRoom& room) const {
  if (attention_norm_.defined()) rms_norm(stream, rows, attention_norm_, c.rms_eps, room.normed);
  qkv_(attention_norm_.defined() ? room.normed : stream, rows, room.qkv);
  parallel(rows, 4 * (c.q_width() + 2 * c.kv_width()),
           [&](std::int64_t first, std::int64_t last) { turn(c, first, last, room); });
}

void KernelLayer::turn(const ModelConfig& c, std::int64_t first, std::int64_t last, LayerRoom& room) const {
  const kernels::Set& set = kernels::best();
  const std::int64_t q = c.q_width(), kv = c.kv_width(), dims = c.turning_dims();
  const LayerRoom::Angles& by = kind_.turn == Turn::local ? room.local : room.main;
  for (std::int64_t row = first; row < last; ++row) {
    float* const queries = room.qkv + row * (q + 2 * kv);
    float* const keys = queries + q;
    if (c.traits.qk_norm == QkNorm::whole) {
      rms_norm(queries, 1, q_norm_, c.rms_eps, queries);
      rms_norm(keys, 1, k_norm_, c.rms_eps, keys);
    } else if (c.traits.qk_norm == QkNorm::per_head) {
      rms_norm(queries, c.heads, q_norm_, c.rms_eps, queries);
      rms_norm(keys, c.kv_heads, k_norm_, c.rms_eps, keys);
    }
    for (int head = 0; kind_.turn != Turn::none && head < c.heads + c.kv_heads;
         ++head)  // keys behind queries
      set.rope(queries + head * c.head_dim, by.cosine + row * dims / 2, by.sine + row * dims / 2, dims);
    for (std::int64_t i = 0; c.query_growth > 0 && i < q; ++i) queries[i] *= room.growth[row];
  }
}

// What a block gives is added to the stream, behind its norm where the family has one.
void KernelLayer::add(const ModelConfig& c, float* stream, std::int64_t rows, const at::Tensor& norm,
                      float* block) const {
  if (norm.defined()) rms_norm(block, rows, norm, c.rms_eps, block);
  kernels::best().add(stream, block, static_cast<float>(c.residual_scale), rows * c.width);
}

void KernelLayer::finish(const ModelConfig& c, float* stream, std::int64_t rows, const float* mixed,
                         LayerRoom& room) const {
  const kernels::Set& set = kernels::best();
  const std::int64_t ffn = c.ffn;
  const auto gated = c.traits.activation == Activation::gelu_tanh ? set.gelu_mul : set.silu_mul;
  out_(mixed, rows, room.out);
  add(c, stream, rows, after_attention_, room.out);
  if (ffn_norm_.defined()) rms_norm(stream, rows, ffn_norm_, c.rms_eps, room.normed);
  gate_up_(ffn_norm_.defined() ? room.normed : stream, rows, room.gate_up);
  parallel(rows, 32 * ffn, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t row = from; row < to; ++row) {
      const float* gate = room.gate_up + row * 2 * ffn;
      gated(gate, gate + ffn, ffn, room.hidden + row * ffn);
    }
  });
  down_(room.hidden, rows, room.out);
  add(c, stream, rows, after_ffn_, room.out);
}

}  // namespace splitwan::engine
