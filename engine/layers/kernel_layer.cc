#include "engine/layers/kernel_layer.hh"

#include <ATen/ATen.h>

#include "engine/layers/layer_tensors.hh"

namespace splitwan::engine {

void LayerRoom::size_for(const ModelConfig& c, std::int64_t rows) {
  const std::int64_t widths[] = {
      c.width,       c.q_width() + 2 * c.kv_width(), c.q_width(), c.width, 2 * c.ffn, c.ffn, c.head_dim / 2,
      c.head_dim / 2};
  float** const places[] = {&normed, &qkv, &mixed, &out, &gate_up, &hidden, &cosine, &sine};
  std::int64_t total = 0;
  for (const auto width : widths) total += (rows * width + 15) / 16 * 16;
  float* at = memory_.of<float>(total);
  for (std::size_t i = 0; i < std::size(widths); ++i) {
    *places[i] = at;
    at += (rows * widths[i] + 15) / 16 * 16;
  }
}

void rms_norm(const float* x, std::int64_t rows, const at::Tensor& gain, double eps, float* y) {
  const std::int64_t n = gain.size(0);
  for (std::int64_t row = 0; row < rows; ++row)
    kernels::best().rms_norm(x + row * n, gain.data_ptr<float>(), n, static_cast<float>(eps), y + row * n);
}

KernelLayer::KernelLayer(Checkpoint& checkpoint, int layer, Storage storage) {
  const ModelConfig& c = checkpoint.config();
  const LayerTensors t = layer_tensors(checkpoint, layer);
  const auto pack = [&](std::span<const TensorView* const> views, std::int64_t inputs) {
    PackedLinear packed(views, inputs, storage);
    checkpoint.release();  // or the weights would be in memory twice
    return packed;
  };
  attention_norm_ = to_f32(*t.attention_norm);
  ffn_norm_ = to_f32(*t.ffn_norm);
  qkv_ = pack(t.qkv, c.width);
  out_ = pack(t.out, c.q_width());
  gate_up_ = pack(t.gate_up, c.width);
  down_ = pack(t.down, c.ffn);
  qkv_bias_ = joined_f32(t.qkv_bias);
}

void KernelLayer::project(const ModelConfig& c, const float* stream, std::int64_t rows,
                          LayerRoom& room) const {
  rms_norm(stream, rows, attention_norm_, c.rms_eps, room.normed);
  qkv_(room.normed, rows, room.qkv);
  const std::int64_t q = c.q_width(), kv = c.kv_width(), half = c.head_dim / 2;
  const float* shift = qkv_bias_.defined() ? qkv_bias_.data_ptr<float>() : nullptr;
  const int heads = c.heads + c.kv_heads;  // the keys lie behind the queries
  parallel(rows, 4 * (q + 2 * kv), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      float* at = room.qkv + row * (q + 2 * kv);
      if (shift) kernels::best().add(at, shift, q + 2 * kv);
      for (int head = 0; head < heads; ++head) {
        kernels::best().rope(at + head * c.head_dim, room.cosine + row * half, room.sine + row * half,
                             c.head_dim);
      }
    }
  });
}

void KernelLayer::finish(const ModelConfig& c, float* stream, std::int64_t rows, const float* mixed,
                         LayerRoom& room) const {
  const kernels::Set& set = kernels::best();
  const std::int64_t ffn = c.ffn;
  out_(mixed, rows, room.out);
  set.add(stream, room.out, rows * c.width);
  rms_norm(stream, rows, ffn_norm_, c.rms_eps, room.normed);
  gate_up_(room.normed, rows, room.gate_up);
  parallel(rows, 32 * ffn, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t row = from; row < to; ++row) {
      const float* gate = room.gate_up + row * 2 * ffn;
      set.silu_mul(gate, gate + ffn, ffn, room.hidden + row * ffn);
    }
  });
  down_(room.hidden, rows, room.out);
  set.add(stream, room.out, rows * c.width);
}

}  // namespace splitwan::engine
