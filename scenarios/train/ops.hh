// The differentiable operations of a Llama layer that ATen lacks in one piece. Each keeps only what its
// backward needs and passes over memory once; the matrix products stay ATen's.
#pragma once

#include <ATen/ATen.h>

#include "scenarios/train/kernels.hh"

namespace splitwan::scenarios {

inline float* data(const at::Tensor& t) { return t.data_ptr<float>(); }

struct HeadShape {
  int windows = 0, context = 0;  // rows = windows * context
  int heads = 0, kv_heads = 0, head_dim = 0;
  int group() const { return heads / kv_heads; }
};

// x [rows, width], weight [width].
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

// gate_up [rows, 2 * ffn] -> silu(gate) * up [rows, ffn].
at::Tensor swiglu(const at::Tensor& gate_up);

// cos, sin [context, head_dim / 2] of the half-split rotary embedding (Hugging Face's convention).
struct Rotary {
  at::Tensor cos, sin;
};
Rotary make_rotary(int context, int head_dim, double theta);

// qkv [rows, (heads + 2 * kv_heads) * head_dim] -> rotated, grouped-query, causal attention's output
// [rows, heads * head_dim].
at::Tensor attention(const at::Tensor& qkv, const Rotary&, const HeadShape&);

// Sum of -log softmax(logits)[target] over the rows. Overwrites logits: they are as large as all else
// together.
at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& targets);

// Sum over the rows of weight * KL(teacher || model) + (1 - weight) * -log softmax(logits)[target].
// Overwrites both logits.
at::Tensor imitation_sum(const at::Tensor& logits, const at::Tensor& teacher_logits,
                         const at::Tensor& targets, const kernels::Distillation&);

}  // namespace splitwan::scenarios
