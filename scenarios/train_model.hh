// A Llama as autograd sees it: one flat array of weights, and leaves that are views of it.
#pragma once

#include <ATen/ATen.h>

#include "engine/model_config.hh"
#include "scenarios/train_data.hh"
#include "scenarios/train_ops.hh"

namespace splitwan::scenarios {

// One tensor of the checkpoint, by its Hugging Face name. Those that are multiplied by the same input (q, k,
// v; gate, up) lie side by side, so that one product serves them.
struct Slot {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t offset = 0, elements = 0;
  bool matrix() const { return shape.size() == 2; }
};
std::vector<Slot> layout_of(const engine::ModelConfig&);
std::int64_t elements_of(const std::vector<Slot>&);

// Normal(0, 0.02), the projections back into the residual stream smaller by sqrt(2 * layers) (GPT-2),
// norms 1.
at::Tensor initial_weights(const engine::ModelConfig&, std::uint64_t seed);

// Leaves over shared weights with gradients of their own: each worker thread has one.
class Replica {
 public:
  Replica(const engine::ModelConfig&, const at::Tensor& weights);
  // Sum of the cross entropies, nats, of windows [begin, end).
  at::Tensor loss_sum(const Windows&, int begin, int end) const;
  at::Tensor gradient;  // flat, filled by backward(); views of it are the leaves' gradients

 private:
  struct Layer {
    at::Tensor input_norm, qkv, o, post_norm, gate_up, down;
  };
  at::Tensor leaf(const at::Tensor& weights, std::int64_t& offset, std::vector<std::int64_t> shape);
  engine::ModelConfig config_;
  at::Tensor embedding_, final_norm_, head_;
  std::vector<Layer> layers_;
};

}  // namespace splitwan::scenarios
