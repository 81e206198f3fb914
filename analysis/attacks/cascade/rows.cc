#include "analysis/attacks/cascade/rows.hh"

#include <ATen/ATen.h>

#include "engine/layers/rope.hh"

namespace splitwan::attacks {

using at::Tensor;

namespace {

// [n, q, k and v] -> heads, rotated.
LayerRows heads_of(const engine::ModelConfig& c, const Tensor& qkv, const Tensor& positions) {
  const Tensor angles = at::outer(positions, at::tensor(engine::rope_frequencies(c))).unsqueeze(1);
  const auto part = [&](std::int64_t first, int heads) {
    return qkv.narrow(1, first, std::int64_t{heads} * c.head_dim).view({-1, heads, c.head_dim});
  };
  const auto rotated = [&](const Tensor& x) { return engine::aten::rotate(x, angles.cos(), angles.sin()); };
  return {.query = rotated(part(0, c.heads)),
          .key = rotated(part(c.q_width(), c.kv_heads)),
          .value = part(c.q_width() + c.kv_width(), c.kv_heads)};
}

}  // namespace

std::string_view name_of(RowKind kind) {
  static constexpr std::string_view names[] = {"hidden", "query", "key_value", "partial"};
  return names[static_cast<std::size_t>(kind)];
}

LayerRows rows_of(const Pieces& pieces, int layer, const Tensor& hidden, const Tensor& positions) {
  const auto& c = pieces.config();
  const SmoothLayer& l = pieces.smooth().layers.at(static_cast<std::size_t>(layer));
  Tensor qkv = engine::aten::linear(engine::aten::rms_norm(hidden, l.attention_norm, c.rms_eps), l.qkv);
  if (l.qkv_bias.defined()) qkv = qkv + l.qkv_bias;
  LayerRows rows = heads_of(c, qkv, positions);
  rows.hidden = hidden;
  return rows;
}

Tensor flat(const LayerRows& rows, RowKind kind) {
  if (kind == RowKind::hidden) return rows.hidden;
  if (kind == RowKind::query) return rows.query.flatten(1);
  return at::cat({rows.key.flatten(1), rows.value.flatten(1)}, 1);
}

Tensor through_alone(const Pieces& pieces, Tensor x, const Tensor& positions, int from, int to) {
  const auto& c = pieces.config();
  Tensor sees = positions.unsqueeze(0) <= positions.unsqueeze(1);
  if (c.sliding_window > 0)
    sees = sees.logical_and(positions.unsqueeze(0) > positions.unsqueeze(1) - c.sliding_window);
  for (int i = from; i < to; ++i)
    x = engine::decode_layer(c, pieces.smooth().layers.at(static_cast<std::size_t>(i)), x,
                             engine::aten::linear, [&](const Tensor& qkv) {
                               const LayerRows r = heads_of(c, qkv, positions);
                               return engine::aten::attention(r.query, r.key, r.value, sees);
                             });
  return x;
}

LayerRows shown(const Pieces& pieces, int layer, std::span<const Token> ids) {
  const Tensor positions = positions_from(0, static_cast<std::int64_t>(ids.size()));
  return rows_of(pieces, layer, through_alone(pieces, pieces.embed(ids), positions, 0, layer), positions);
}

Tensor positions_from(std::int64_t first, std::int64_t count) {
  return at::arange(first, first + count, at::kFloat);
}

Tensor relative_distance(const Tensor& a, const Tensor& b) {
  return (a - b).norm(2, 1) / b.norm(2, 1).clamp_min(1e-30);
}

}  // namespace splitwan::attacks
