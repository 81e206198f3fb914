// One decoder layer in our own kernels, in two halves: up to the rotated queries, keys and values, and from
// attention's result on. What lies between is of whoever holds the keys.
#pragma once

#include "engine/checkpoint/checkpoint.hh"
#include "engine/kernels/arena.hh"
#include "engine/kernels/kernels.hh"
#include "engine/layers/linear.hh"

namespace splitwan::engine {

// What a step needs between the products; only grows. Rows below each other.
struct LayerRoom {
  float *normed, *qkv, *mixed, *out, *gate_up, *hidden, *cosine, *sine;
  void size_for(const ModelConfig&, std::int64_t rows);

 private:
  Scratch memory_;
};

void rms_norm(const float* x, std::int64_t rows, const at::Tensor& gain, double eps,
              float* y);  // [rows, gain.size(0)]

class KernelLayer {
 public:
  KernelLayer(Checkpoint&, int layer, Storage);

  // stream: [rows, width] -> room.qkv: [rows, q_width + 2 kv_width], turned by room's angles.
  void project(const ModelConfig&, const float* stream, std::int64_t rows, LayerRoom&) const;
  // Adds to the stream what attention found for its rows, [rows, q_width], and then the feed-forward block.
  void finish(const ModelConfig&, float* stream, std::int64_t rows, const float* mixed, LayerRoom&) const;
  // Of its matrices, in the order of use.
  std::vector<Storage> storages() const {
    return {qkv_.storage(), out_.storage(), gate_up_.storage(), down_.storage()};
  }
  std::size_t bytes() const { return qkv_.bytes() + out_.bytes() + gate_up_.bytes() + down_.bytes(); }

 private:
  at::Tensor attention_norm_, ffn_norm_;
  PackedLinear qkv_, out_, gate_up_, down_;
  at::Tensor qkv_bias_;  // undefined where the family has none
};

}  // namespace splitwan::engine
