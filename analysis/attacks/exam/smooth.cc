#include "analysis/attacks/exam/smooth.hh"

#include <cmath>

#include "engine/layers/linear.hh"
#include "engine/layers/rope.hh"

namespace splitwan::attacks {

using at::Tensor;

namespace {

// Half-split rotary embedding of [heads, rows, head_dim] at these positions.
Tensor rotated(const engine::ModelConfig& c, const Tensor& x, const Tensor& positions) {
  const Tensor angles = at::outer(positions, at::tensor(engine::rope_frequencies(c)));
  return engine::aten::rotate(x, angles.cos(), angles.sin());
}

// qkv: [rows, q, k and v] -> [rows, q].
Tensor attended(const engine::ModelConfig& c, const Tensor& qkv, const Past& past, Past* grown,
                bool branches) {
  const std::int64_t rows = qkv.size(0), before = past.keys.defined() ? past.keys.size(1) : 0;
  const auto heads_of = [&](std::int64_t first, int heads) {  // [heads, rows, head_dim]
    return qkv.narrow(1, first, std::int64_t{heads} * c.head_dim)
        .view({rows, heads, c.head_dim})
        .transpose(0, 1);
  };
  const Tensor positions =
      branches ? at::full({rows}, before, at::kFloat) : at::arange(before, before + rows, at::kFloat);
  const Tensor queries = rotated(c, heads_of(0, c.heads), positions);
  Tensor keys = rotated(c, heads_of(c.q_width(), c.kv_heads), positions);
  Tensor values = heads_of(c.q_width() + c.kv_width(), c.kv_heads);
  if (before > 0) keys = at::cat({past.keys, keys}, 1), values = at::cat({past.values, values}, 1);
  if (grown) *grown = {keys.detach(), values.detach()};
  const int group = c.heads / c.kv_heads;
  const Tensor all_keys = keys.repeat_interleave(group, 0), all_values = values.repeat_interleave(group, 0);
  Tensor scores = at::matmul(queries, all_keys.transpose(1, 2)) / std::sqrt(static_cast<double>(c.head_dim));
  if (rows > 1 || c.sliding_window > 0) {
    const Tensor key = at::arange(before + rows).unsqueeze(0),
                 own = at::arange(before, before + rows).unsqueeze(1);
    Tensor hidden = branches ? (key >= before).logical_and(key != own) : key > own;
    if (c.sliding_window > 0)
      hidden = hidden.logical_or(key.clamp_max(branches ? before : before + rows) <=
                                 positions.to(at::kLong).unsqueeze(1) - c.sliding_window);
    scores = scores.masked_fill(hidden, -INFINITY);
  }
  const Tensor mixed = at::matmul(at::softmax(scores, -1), all_values);  // [heads, rows, head_dim]
  return mixed.transpose(0, 1).reshape({rows, c.q_width()});
}

}  // namespace

Tensor forward(const engine::ModelConfig& c, const SmoothLayer& layer, const Tensor& x, const Past& past,
               Past* grown, bool branches) {
  return engine::decode_layer(c, layer, x, engine::aten::linear,
                              [&](const Tensor& qkv) { return attended(c, qkv, past, grown, branches); });
}

SmoothModel smooth_model(engine::Checkpoint& checkpoint) {
  const auto& c = checkpoint.config();
  SmoothModel m;
  m.embedding = engine::to_f32(checkpoint.tensor(engine::Role::embedding));
  m.final_norm = engine::to_f32(checkpoint.tensor(engine::Role::final_norm));
  m.head = c.tied ? m.embedding : engine::to_f32(checkpoint.tensor(engine::Role::head));
  for (int i = 0; i < c.layers; ++i)
    m.layers.push_back(engine::aten_layer(checkpoint, i, engine::Storage::f32, at::kCPU));
  return m;
}

Tensor tensor_with(const SmoothModel& m, const engine::ModelConfig& c, const engine::TensorSpec& spec) {
  using engine::Role;
  const auto layer = [&]() -> const SmoothLayer& {
    return m.layers.at(static_cast<std::size_t>(spec.layer));
  };
  const auto rows = [&](const Tensor& stacked, std::int64_t first) {
    return stacked.narrow(0, first, spec.shape[0]);
  };
  switch (spec.role) {
    case Role::embedding:
      return m.embedding;
    case Role::final_norm:
      return m.final_norm;
    case Role::head:
      return m.head;
    case Role::attention_norm:
      return layer().attention_norm;
    case Role::ffn_norm:
      return layer().ffn_norm;
    case Role::q:
      return rows(layer().qkv, 0);
    case Role::k:
      return rows(layer().qkv, c.q_width());
    case Role::v:
      return rows(layer().qkv, c.q_width() + c.kv_width());
    case Role::q_bias:
      return rows(layer().qkv_bias, 0);
    case Role::k_bias:
      return rows(layer().qkv_bias, c.q_width());
    case Role::v_bias:
      return rows(layer().qkv_bias, c.q_width() + c.kv_width());
    case Role::out:
      return layer().out;
    case Role::gate:
      return rows(layer().gate_up, 0);
    case Role::up:
      return rows(layer().gate_up, c.ffn);
    case Role::down:
      return layer().down;
  }
  return {};
}

}  // namespace splitwan::attacks
