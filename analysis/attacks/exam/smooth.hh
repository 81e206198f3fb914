// The layers as autograd sees them, in ATen's operations on f32 copies of the weights. Equal to the engine's
// to rounding (tests/attack_smooth_test.cc); for gradients only.
#pragma once

#include <ATen/ATen.h>

#include "engine/checkpoint/checkpoint.hh"

namespace splitwan::attacks {

struct SmoothLayer {
  at::Tensor attention_norm, ffn_norm;
  at::Tensor qkv, out, gate_up, down;  // [outputs, inputs]
};

// Keys and values of one layer's rows so far, [heads, rows, head_dim]; undefined at first.
struct Past {
  at::Tensor keys, values;
};

// x: [rows, width] at the positions after `past` -> the layer's output. `grown`, where given, gets past and
// rows.
at::Tensor forward(const engine::ModelConfig&, const SmoothLayer&, const at::Tensor& x, const Past& past,
                   Past* grown = nullptr, bool branches = false);

at::Tensor smooth_norm(const at::Tensor& x, const at::Tensor& gain, double eps);

struct SmoothModel {
  at::Tensor embedding, final_norm, head;  // [vocabulary, width], [width], [vocabulary, width]
  std::vector<SmoothLayer> layers;
};
SmoothModel smooth_model(engine::Checkpoint&);
// As a checkpoint would hold it.
at::Tensor tensor_with(const SmoothModel&, const engine::ModelConfig&, const engine::TensorSpec&);

}  // namespace splitwan::attacks
