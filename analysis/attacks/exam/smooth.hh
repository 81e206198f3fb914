// The engine's ATen layers for autograd, on f32 copies of the weights, with an attention that keeps its past
// beside it. Equal to the kernels' to rounding (tests/analysis/attacks/attack_search_test.cc).
#pragma once

#include <ATen/ATen.h>

#include "engine/layers/aten/aten_layer.hh"

namespace splitwan::attacks {

using SmoothLayer = engine::AtenLayer;

// Keys and values of one layer's rows so far, [heads, rows, head_dim]; undefined at first.
struct Past {
  at::Tensor keys, values;
};

// x: [rows, width] at the positions after `past` -> the layer's output. `grown`, where given, gets past and
// rows.
at::Tensor forward(const engine::ModelConfig&, const SmoothLayer&, const at::Tensor& x, const Past& past,
                   Past* grown = nullptr, bool branches = false);

// The angles of rows at these positions, [rows].
engine::Turning turning_at(const engine::ModelConfig&, const at::Tensor& positions);

struct SmoothModel {
  at::Tensor embedding;         // [vocabulary, width], as rows enter the first layer
  at::Tensor final_norm, head;  // [width], what rows are multiplied by; [vocabulary, width]
  std::vector<SmoothLayer> layers;
};
SmoothModel smooth_model(engine::Checkpoint&);
// As a checkpoint would hold it.
at::Tensor tensor_with(const SmoothModel&, const engine::ModelConfig&, const engine::TensorSpec&);

}  // namespace splitwan::attacks
