// What nodes are shown of a text's rows at one layer, and what an attacker makes of rows of its own.
#pragma once

#include "analysis/attacks/exam/pieces.hh"

namespace splitwan::attacks {

enum class RowKind : std::uint8_t { hidden, query, key_value, partial };
std::string_view name_of(RowKind);

// What becomes of a query times a key.
struct Scoring {
  double scale = 1, cap = 0;
  at::Tensor operator()(const at::Tensor& products) const {
    return engine::aten::soft_cap(products * scale, cap);
  }
};

// Of n rows: [n, width], [n, heads, head_dim], and twice [n, kv_heads, head_dim]. Queries and keys are
// rotated.
struct LayerRows {
  at::Tensor hidden = {}, query = {}, key = {}, value = {};
  Scoring scoring = {};
};
// As the layer makes them of its input; positions: [n], float.
LayerRows rows_of(const Pieces&, int layer, const at::Tensor& hidden, const at::Tensor& positions);
// Those of one kind below each other, for comparing: [n, columns].
at::Tensor flat(const LayerRows&, RowKind);

// Rows at these positions through layers [from, to), each seeing those of them that stand before it and no
// other: of a whole text what the model computes, of one node's rows what it can make of them alone. ATen's
// operations, whose sums have another order than the engine's kernels, as those of sharded nodes do.
at::Tensor through_alone(const Pieces&, at::Tensor hidden, const at::Tensor& positions, int from, int to);

// What all nodes together are shown of a text at the layer.
LayerRows shown(const Pieces&, int layer, std::span<const Token>);

at::Tensor positions_from(std::int64_t first, std::int64_t count);  // [count], float

// |a - b| / |b| in L2, per row of a: [n]. b: [n or 1, columns].
at::Tensor relative_distance(const at::Tensor& a, const at::Tensor& b);

}  // namespace splitwan::attacks
