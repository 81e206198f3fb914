#include "scenarios/train/model.hh"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "engine/base/error.hh"

namespace splitwan::scenarios {

using at::Tensor;
using engine::ModelConfig;
using engine::Role;

std::vector<Slot> layout_of(const ModelConfig& c) {
  std::vector<Slot> slots;
  std::int64_t offset = 0;
  for (const engine::TensorSpec& spec : engine::tensors_of(c)) {
    const std::int64_t elements = c10::multiply_integers(spec.shape);
    slots.push_back({spec, offset, elements});
    offset += elements;
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
    const bool into_residual = slot.role == Role::out || slot.role == Role::down;
    const double deviation = into_residual ? 0.02 / std::sqrt(2.0 * c.layers) : 0.02;
    weights.narrow(0, slot.offset, slot.elements).normal_(0, deviation, generator);
  }
  return weights;
}

LlamaViews views_of(const ModelConfig& c,
                    const std::function<Tensor(std::int64_t, const std::vector<std::int64_t>&)>& slice) {
  const std::vector<Slot> slots = layout_of(c);
  auto slot = slots.begin();
  // The next tensors, which have these roles, on top of each other.
  const auto next = [&](std::initializer_list<Role> roles) {
    const Slot& first = *slot;
    std::vector<std::int64_t> shape = first.shape;
    shape[0] = 0;
    for (const Role role : roles) {
      if (slot->role != role) throw engine::Error("{}: the trainer expects another tensor here", slot->name);
      shape[0] += slot++->shape[0];
    }
    return slice(first.offset, shape);
  };
  LlamaViews views;
  views.embedding = next({Role::embedding});
  for (int i = 0; i < c.layers; ++i) {
    LlamaViews::Layer layer;
    layer.input_norm = next({Role::attention_norm});
    layer.qkv = next({Role::q, Role::k, Role::v});
    layer.o = next({Role::out});
    layer.post_norm = next({Role::ffn_norm});
    layer.gate_up = next({Role::gate, Role::up});
    layer.down = next({Role::down});
    views.layers.push_back(std::move(layer));
  }
  views.final_norm = next({Role::final_norm});
  views.head = c.tied ? views.embedding : next({Role::head});
  return views;
}

Tensor through(const LlamaViews& model, const ModelConfig& c, Tensor x, LayerSpan span,
               const HeadShape& shape, const Rotary& rotary) {
  for (int i = span.begin; i < span.end; ++i) {
    const LlamaViews::Layer& layer = model.layers[static_cast<std::size_t>(i)];
    const Tensor qkv = at::linear(rms_norm(x, layer.input_norm, c.rms_eps), layer.qkv);
    x = x + at::linear(attention(qkv, rotary, shape), layer.o);
    const Tensor gate_up = at::linear(rms_norm(x, layer.post_norm, c.rms_eps), layer.gate_up);
    x = x + at::linear(swiglu(gate_up), layer.down);
  }
  return x;
}

Tensor logits_of(const LlamaViews& model, const ModelConfig& c, const Tensor& x) {
  return at::linear(rms_norm(x, model.final_norm, c.rms_eps), model.head);
}

Replica::Replica(const ModelConfig& c, const Tensor& weights, std::optional<Imitation> imitation)
    : gradient(at::zeros_like(weights)), config_(c), imitation_(std::move(imitation)) {
  leaves_ = views_of(c, [&](std::int64_t offset, const std::vector<std::int64_t>& shape) {
    const std::int64_t elements = c10::multiply_integers(shape);
    Tensor leaf = weights.narrow(0, offset, elements).view(shape).detach();
    leaf.set_requires_grad(true);
    leaf.mutable_grad() = gradient.narrow(0, offset, elements).view(shape);  // autograd adds to it in place
    return leaf;
  });
}

namespace {

// Rows of windows [begin, end) of an array [count, context, width].
template <typename T>
Tensor slice(const std::vector<T>& values, const Windows& windows, int begin, int end, at::ScalarType type) {
  const auto all = static_cast<std::int64_t>(values.size()),
             rows = static_cast<std::int64_t>(windows.inputs.size());
  const std::int64_t width = all / rows, context = windows.context();
  Tensor flat = at::from_blob(const_cast<T*>(values.data()) + begin * context * width,
                              {(end - begin) * context * width}, type);
  return width == 1 ? flat : flat.view({-1, width});
}

}  // namespace

Tensor Replica::logits(const Windows& windows, int begin, int end) const {
  const int context = windows.context();
  const HeadShape shape{end - begin, context, config_.heads, config_.kv_heads, config_.head_dim};
  const Rotary rotary = make_rotary(context, config_.head_dim, config_.rope_theta);
  Tensor x = at::embedding(leaves_.embedding, slice(windows.inputs, windows, begin, end, at::kLong));
  x = through(leaves_, config_, std::move(x), {0, config_.layers}, shape, rotary);
  return logits_of(leaves_, config_, x);
}

Tensor Replica::loss_sum(const Windows& windows, int begin, int end) const {
  const Tensor targets = slice(windows.targets, windows, begin, end, at::kLong);
  if (windows.features.empty()) return cross_entropy_sum(logits(windows, begin, end), targets);
  const Tensor features = slice(windows.features, windows, begin, end, at::kFloat);
  return imitation_sum(logits(windows, begin, end), at::linear(features, imitation_->head), targets,
                       imitation_->mix);
}

}  // namespace splitwan::scenarios
