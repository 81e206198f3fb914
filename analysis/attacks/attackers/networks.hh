// The learned attackers' shapes. All take standardised activations.
#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "analysis/attacks/exam/options.hh"

namespace splitwan::attacks {

struct Network {
  std::vector<at::Tensor> leaves;                           // what is learned
  std::function<at::Tensor(const at::Tensor& x)> features;  // x [.., width] -> [.., table's width]
  at::Tensor table, bias;                                   // [vocabulary, ..], [vocabulary]: of the leaves
  at::Tensor logits(const at::Tensor& x) const { return at::linear(features(x), table, bias); }
};

// The published attack's, scaled: 4096 -> 2048 -> 2048 -> vocabulary becomes width -> width / 2 twice.
Network published_mlp(int width, int vocabulary, at::Generator);
// LayerNorm -> Linear(width, 2 width) -> GELU -> Linear(2 width, width) -> table of tokens.
Network row_mlp(int width, int vocabulary, at::Generator);
// Two layers of bidirectional attention over a window of positions: x is [windows, positions, width], at most
// so many positions.
Network sequence_network(int width, int vocabulary, int positions, at::Generator);
Network sequence_network(int width, int vocabulary, at::Generator);  // `window` of them

}  // namespace splitwan::attacks
