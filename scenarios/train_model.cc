#include "scenarios/train_model.hh"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "engine/error.hh"

namespace splitwan::scenarios {

using at::Tensor;
using engine::ModelConfig;

std::vector<Slot> layout_of(const ModelConfig& c) {
  std::vector<Slot> slots;
  std::int64_t offset = 0;
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape) {
    std::int64_t elements = 1;
    for (const auto extent : shape) elements *= extent;
    slots.push_back({name + ".weight", std::move(shape), offset, elements});
    offset += elements;
  };
  add("model.embed_tokens", {c.vocabulary, c.width});
  for (int i = 0; i < c.layers; ++i) {
    const std::string layer = fmt::format("model.layers.{}.", i);
    add(layer + "input_layernorm", {c.width});
    add(layer + "self_attn.q_proj", {c.q_width(), c.width});
    add(layer + "self_attn.k_proj", {c.kv_width(), c.width});
    add(layer + "self_attn.v_proj", {c.kv_width(), c.width});
    add(layer + "self_attn.o_proj", {c.width, c.q_width()});
    add(layer + "post_attention_layernorm", {c.width});
    add(layer + "mlp.gate_proj", {c.ffn, c.width});
    add(layer + "mlp.up_proj", {c.ffn, c.width});
    add(layer + "mlp.down_proj", {c.width, c.ffn});
  }
  add("model.norm", {c.width});
  if (!c.tied) {
    add("lm_head", {c.vocabulary, c.width});
  }
  return slots;
}

std::int64_t elements_of(const std::vector<Slot>& slots) {
  return slots.back().offset + slots.back().elements;
}

Tensor initial_weights(const ModelConfig& c, std::uint64_t seed) {
  const auto slots = layout_of(c);
  Tensor weights = at::ones({elements_of(slots)}, at::kFloat);
  auto generator = at::detail::createCPUGenerator(seed);
  for (const Slot& slot : slots) {
    if (!slot.matrix()) continue;
    const bool into_residual =
        slot.name.ends_with("o_proj.weight") || slot.name.ends_with("down_proj.weight");
    const double deviation = into_residual ? 0.02 / std::sqrt(2.0 * c.layers) : 0.02;
    weights.narrow(0, slot.offset, slot.elements).normal_(0, deviation, generator);
  }
  return weights;
}

Tensor Replica::leaf(const Tensor& weights, std::int64_t& offset, std::vector<std::int64_t> shape) {
  std::int64_t elements = 1;
  for (const auto extent : shape) elements *= extent;
  Tensor leaf = weights.narrow(0, offset, elements).view(shape).detach();
  leaf.set_requires_grad(true);
  leaf.mutable_grad() = gradient.narrow(0, offset, elements).view(shape);  // autograd adds to it in place
  offset += elements;
  return leaf;
}

Replica::Replica(const ModelConfig& c, const Tensor& weights)
    : gradient(at::zeros_like(weights)), config_(c) {
  std::int64_t at = 0;
  embedding_ = leaf(weights, at, {c.vocabulary, c.width});
  for (int i = 0; i < c.layers; ++i) {
    Layer layer;
    layer.input_norm = leaf(weights, at, {c.width});
    layer.qkv = leaf(weights, at, {c.q_width() + 2 * c.kv_width(), c.width});
    layer.o = leaf(weights, at, {c.width, c.q_width()});
    layer.post_norm = leaf(weights, at, {c.width});
    layer.gate_up = leaf(weights, at, {2 * c.ffn, c.width});
    layer.down = leaf(weights, at, {c.width, c.ffn});
    layers_.push_back(std::move(layer));
  }
  final_norm_ = leaf(weights, at, {c.width});
  head_ = c.tied ? embedding_ : leaf(weights, at, {c.vocabulary, c.width});
}

Tensor Replica::loss_sum(const Windows& windows, int begin, int end) const {
  const auto context = static_cast<int>(windows.inputs.size()) / windows.count;
  const auto slice = [&](const std::vector<std::int64_t>& ids) {
    return at::from_blob(const_cast<std::int64_t*>(ids.data()) + std::int64_t{begin} * context,
                         {std::int64_t{end - begin} * context}, at::kLong);
  };
  const HeadShape shape{end - begin, context, config_.heads, config_.kv_heads, config_.head_dim};
  const Rotary rotary = make_rotary(context, config_.head_dim, config_.rope_theta);
  Tensor x = at::embedding(embedding_, slice(windows.inputs));
  for (const Layer& layer : layers_) {
    const Tensor qkv = at::linear(rms_norm(x, layer.input_norm, config_.rms_eps), layer.qkv);
    x = x + at::linear(attention(qkv, rotary, shape), layer.o);
    const Tensor gate_up = at::linear(rms_norm(x, layer.post_norm, config_.rms_eps), layer.gate_up);
    x = x + at::linear(swiglu(gate_up), layer.down);
  }
  const Tensor logits = at::linear(rms_norm(x, final_norm_, config_.rms_eps), head_);
  return cross_entropy_sum(logits, slice(windows.targets));
}

}  // namespace splitwan::scenarios
