#include "analysis/attacks/exam/smooth.hh"

#include <cmath>

#include "engine/layers/kernel_layer.hh"
#include "engine/layers/linear.hh"

namespace splitwan::attacks {

using at::Tensor;

namespace {

// qkv: [rows, q, k and v] -> [rows, q].
Tensor attended(const engine::ModelConfig& c, const SmoothLayer& layer, const Tensor& qkv, const Past& past,
                Past* grown, bool branches) {
  const std::int64_t rows = qkv.size(0), before = past.keys.defined() ? past.keys.size(1) : 0;
  const Tensor positions =
      branches ? at::full({rows}, before, at::kInt) : at::arange(before, before + rows, at::kInt);
  const auto r = engine::turned(c, layer, qkv, turning_at(c, positions));
  const Tensor queries = r.queries.transpose(0, 1);  // [heads, rows, head_dim]
  Tensor keys = r.keys.transpose(0, 1), values = r.values.transpose(0, 1);
  if (before > 0) keys = at::cat({past.keys, keys}, 1), values = at::cat({past.values, values}, 1);
  if (grown) *grown = {keys.detach(), values.detach()};
  const int group = c.heads / c.kv_heads;
  const Tensor all_keys = keys.repeat_interleave(group, 0), all_values = values.repeat_interleave(group, 0);
  Tensor scores =
      engine::aten::soft_cap(at::matmul(queries, all_keys.transpose(1, 2)) * c.score_scale(), c.score_cap);
  const int window = layer.kind.windowed ? c.sliding_window : 0;
  if (rows > 1 || window > 0) {
    const Tensor key = at::arange(before + rows).unsqueeze(0),
                 own = at::arange(before, before + rows).unsqueeze(1);
    Tensor hidden = branches ? (key >= before).logical_and(key != own) : key > own;
    if (window > 0)
      hidden = hidden.logical_or(key.clamp_max(branches ? before : before + rows) <=
                                 positions.to(at::kLong).unsqueeze(1) - window);
    scores = scores.masked_fill(hidden, -INFINITY);
  }
  const Tensor mixed = at::matmul(at::softmax(scores, -1), all_values);  // [heads, rows, head_dim]
  return mixed.transpose(0, 1).reshape({rows, c.q_width()});
}

}  // namespace

engine::Turning turning_at(const engine::ModelConfig& c, const Tensor& positions) {
  const Tensor at = positions.to(at::kInt).contiguous();
  return engine::turning(c, engine::Rotary(c, 0),
                         {at.data_ptr<std::int32_t>(), static_cast<std::size_t>(at.numel())}, at::kCPU);
}

Tensor forward(const engine::ModelConfig& c, const SmoothLayer& layer, const Tensor& x, const Past& past,
               Past* grown, bool branches) {
  return engine::decode_layer(c, layer, x, engine::aten::linear, [&](const Tensor& qkv) {
    return attended(c, layer, qkv, past, grown, branches);
  });
}

SmoothModel smooth_model(engine::Checkpoint& checkpoint) {
  const auto& c = checkpoint.config();
  SmoothModel m;
  m.embedding = engine::to_f32(checkpoint.tensor(engine::Role::embedding));
  if (c.embedding_scale != 1) m.embedding = m.embedding * c.embedding_scale;
  m.final_norm = engine::gain_of(c, checkpoint.tensor(engine::Role::final_norm));
  m.head =
      c.tied && c.embedding_scale == 1 ? m.embedding : engine::to_f32(checkpoint.tensor(engine::Role::head));
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
  const auto norm = [&](const Tensor& gain) { return c.traits.gain_above_one ? gain - 1 : gain; };
  switch (spec.role) {
    case Role::embedding:
      return c.embedding_scale == 1 ? m.embedding : m.embedding / c.embedding_scale;
    case Role::final_norm:
      return norm(m.final_norm);
    case Role::head:
      return m.head;
    case Role::attention_norm:
      return norm(layer().attention_norm);
    case Role::ffn_norm:
      return norm(layer().ffn_norm);
    case Role::after_attention_norm:
      return norm(layer().after_attention);
    case Role::after_ffn_norm:
      return norm(layer().after_ffn);
    case Role::q_norm:
      return norm(layer().q_norm);
    case Role::k_norm:
      return norm(layer().k_norm);
    case Role::qkv:
      return layer().qkv;
    case Role::gate_up:
      return layer().gate_up;
    case Role::out_bias:
      return layer().out_bias;
    case Role::gate_bias:
      return rows(layer().gate_up_bias, 0);
    case Role::up_bias:
      return rows(layer().gate_up_bias, c.ffn);
    case Role::down_bias:
      return layer().down_bias;
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
