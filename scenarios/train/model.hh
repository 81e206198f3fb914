// A Llama as autograd sees it: one flat array of weights, and leaves that are views of it.
#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "engine/checkpoint/tensors.hh"
#include "scenarios/train/data.hh"
#include "scenarios/train/kernels.hh"
#include "scenarios/train/ops.hh"

namespace splitwan::scenarios {

// One tensor of the checkpoint. Those that are multiplied by the same input (q, k, v; gate, up) lie side by
// side, so that one product serves them.
struct Slot : engine::TensorSpec {
  std::int64_t offset = 0, elements = 0;
  bool matrix() const { return shape.size() == 2; }
};
std::vector<Slot> layout_of(const engine::ModelConfig&);
std::int64_t elements_of(const std::vector<Slot>&);

// Normal(0, 0.02), the projections back into the residual stream smaller by sqrt(2 * layers) (GPT-2),
// norms 1.
at::Tensor initial_weights(const engine::ModelConfig&, std::uint64_t seed);

// Slices of one flat array, as the forward pass wants them.
struct LlamaViews {
  struct Layer {
    at::Tensor input_norm, qkv, o, post_norm, gate_up, down;
  };
  at::Tensor embedding, final_norm, head;
  std::vector<Layer> layers;
};
LlamaViews views_of(
    const engine::ModelConfig&,
    const std::function<at::Tensor(std::int64_t offset, const std::vector<std::int64_t>& shape)>& slice);

// Rows [rows, width] through layers [begin, end) of it, and the last layer's rows to logits.
struct LayerSpan {
  int begin = 0, end = 0;
};
at::Tensor through(const LlamaViews&, const engine::ModelConfig&, at::Tensor x, LayerSpan, const HeadShape&,
                   const Rotary&);
at::Tensor logits_of(const LlamaViews&, const engine::ModelConfig&, const at::Tensor& x);

// What windows with a teacher's features are compared with.
struct Imitation {
  at::Tensor head;  // [vocabulary, width]: features -> logits
  kernels::Distillation mix;
};

// Leaves over shared weights with gradients of their own: each worker thread has one.
class Replica {
 public:
  Replica(const engine::ModelConfig&, const at::Tensor& weights, std::optional<Imitation> = {});
  // Of windows [begin, end): [rows, vocabulary].
  at::Tensor logits(const Windows&, int begin, int end) const;
  // Sum over windows [begin, end), nats: of the cross entropies, or of the imitation's loss where the windows
  // have features.
  at::Tensor loss_sum(const Windows&, int begin, int end) const;
  at::Tensor gradient;  // flat, filled by backward(); views of it are the leaves' gradients

 private:
  engine::ModelConfig config_;
  std::optional<Imitation> imitation_;
  LlamaViews leaves_;
};

}  // namespace splitwan::scenarios
