#include "analysis/attacks/cascade/rows.hh"

#include <ATen/ATen.h>

namespace splitwan::attacks {

using at::Tensor;

namespace {

// [n, q, k and v] -> heads, rotated.
LayerRows heads_of(const engine::ModelConfig& c, const SmoothLayer& layer, const Tensor& qkv,
                   const Tensor& positions) {
  const auto r = engine::turned(c, layer, qkv, turning_at(c, positions));
  return {.query = r.queries, .key = r.keys, .value = r.values, .scoring = {c.score_scale(), c.score_cap}};
}

}  // namespace

std::string_view name_of(RowKind kind) {
  static constexpr std::string_view names[] = {"hidden", "query", "key_value", "partial"};
  return names[static_cast<std::size_t>(kind)];
}

LayerRows rows_of(const Pieces& pieces, int layer, const Tensor& hidden, const Tensor& positions) {
  const auto& c = pieces.config();
  const SmoothLayer& l = pieces.smooth().layers.at(static_cast<std::size_t>(layer));
  LayerRows rows = heads_of(c, l, engine::project(c, l, hidden, engine::aten::linear), positions);
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
  const Tensor all = positions.unsqueeze(0) <= positions.unsqueeze(1);
  for (int i = from; i < to; ++i) {
    const SmoothLayer& layer = pieces.smooth().layers.at(static_cast<std::size_t>(i));
    const int window = c.window(i);
    const Tensor sees =
        window > 0 ? all.logical_and(positions.unsqueeze(0) > positions.unsqueeze(1) - window) : all;
    x = engine::decode_layer(c, layer, x, engine::aten::linear, [&](const Tensor& qkv) {
      const LayerRows r = heads_of(c, layer, qkv, positions);
      return engine::aten::attention(r.query, r.key, r.value, sees, c.score_scale(), c.score_cap);
    });
  }
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
