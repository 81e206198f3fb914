// One decoder layer in our own kernels, in two halves: up to the rotated queries, keys and values, and from
// attention's result on. What lies between is of whoever holds the keys.
#pragma once

#include "engine/checkpoint/checkpoint.hh"
#include "engine/kernels/arena.hh"
#include "engine/kernels/kernels.hh"
#include "engine/layers/linear.hh"
#include "engine/layers/rope.hh"

namespace splitwan::engine {

// What a step needs between the products; only grows. Rows below each other.
struct LayerRoom {
  struct Angles {
    float *cosine, *sine;  // [rows, turning_dims / 2]
  };
  float *normed, *qkv, *mixed, *out, *gate_up, *hidden;
  Angles main, local;
  float* growth;  // [rows], of queries
  void size_for(const ModelConfig&, std::int64_t rows);
  // Of rows from `first` on, at these positions.
  void turn(const ModelConfig&, const Rotary&, std::int64_t first, std::span<const std::int32_t> positions);

 private:
  Scratch memory_;
};

// [rows, gain.size(0)]
void rms_norm(const float* x, std::int64_t rows, const at::Tensor& gain, double eps, float* y);

// A norm's weight as what rows are multiplied by.
at::Tensor gain_of(const ModelConfig&, const TensorView&);

class KernelLayer {
 public:
  // `layer` is the model's number of it.
  KernelLayer(Checkpoint&, int layer, Storage);

  // stream: [rows, width] -> room.qkv: [rows, q_width + 2 kv_width], turned by room's angles.
  void project(const ModelConfig&, const float* stream, std::int64_t rows, LayerRoom&) const;
  // Adds to the stream what attention found for its rows, [rows, q_width], and then the feed-forward block.
  void finish(const ModelConfig&, float* stream, std::int64_t rows, const float* mixed, LayerRoom&) const;
  LayerKind kind() const { return kind_; }
  // Of its matrices, in the order of use.
  std::vector<Storage> storages() const {
    return {qkv_.matrix.storage(), out_.matrix.storage(), gate_up_.matrix.storage(), down_.matrix.storage()};
  }
  std::size_t bytes() const {
    return qkv_.matrix.bytes() + out_.matrix.bytes() + gate_up_.matrix.bytes() + down_.matrix.bytes();
  }

 private:
  struct Product {
    PackedLinear matrix;
    at::Tensor bias;  // undefined where the family has none
    void operator()(const float* x, std::int64_t rows, float* y) const;
  };
  // Rows [first, last) of q, k and v: normed and turned.
  void turn(const ModelConfig&, std::int64_t first, std::int64_t last, LayerRoom&) const;
  void add(const ModelConfig&, float* stream, std::int64_t rows, const at::Tensor& norm, float* block) const;

  LayerKind kind_;
  // Undefined where the family has none.
  at::Tensor attention_norm_, ffn_norm_, after_attention_, after_ffn_, q_norm_, k_norm_;
  Product qkv_, out_, gate_up_, down_;
};

}  // namespace splitwan::engine
