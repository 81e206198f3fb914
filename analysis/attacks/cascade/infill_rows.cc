#include "analysis/attacks/cascade/infill_rows.hh"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::attacks {

using at::Tensor;
using engine::ShardRole;

std::string InfillView::label() const {
  return fmt::format("{} of alpha {}, cluster {}, layer {}", name_of(node), sharding.alpha, sharding.cluster,
                     layer);
}

std::vector<InfillView> infill_views(const engine::Sharding& sharding, int layers) {
  const int last = sharding.alpha - 1, opposite = last - sharding.alpha / 2;
  std::vector<int> at = {std::min(1, layers - 1)};
  if (layers / 2 > at.front()) at.push_back(layers / 2);
  std::vector<InfillView> views;
  for (const int layer : at) {
    views.push_back({sharding, {ShardRole::comp, last, last}, layer});
    views.push_back({sharding, {ShardRole::attn, opposite, last}, layer});
  }
  return views;
}

std::vector<Tensor> visible_positions(const engine::Sharding& sharding, const engine::ShardParty& node,
                                      int tokens) {
  const auto mask = [&](int shard) {
    std::vector<float> seen;
    seen.reserve(static_cast<std::size_t>(tokens));
    for (int t = 0; t < tokens; ++t) seen.push_back(sharding.shard_of(t) == shard ? 1 : 0);
    return at::tensor(seen);
  };
  if (node.role == ShardRole::comp) return {mask(node.queries)};
  if (node.role == ShardRole::attn) return {mask(node.queries), mask(node.keys)};
  throw engine::Error("node: expected comp or attn, found {}", name_of(node));
}

std::vector<Tensor> rows_of_role(const Pieces& pieces, ShardRole role, int layer, const Tensor& hidden) {
  if (role == ShardRole::comp) return {hidden};
  const auto& c = pieces.config();
  const SmoothLayer& weights = pieces.smooth().layers.at(static_cast<std::size_t>(layer));
  const Tensor qkv = engine::project(c, weights, hidden, engine::aten::linear);
  return {qkv.narrow(1, 0, c.q_width()), qkv.narrow(1, c.q_width(), 2 * c.kv_width())};
}

InfillLayout::InfillLayout(const std::vector<InfillPart>& training) {
  for (const auto& [rows, visible] : training) {
    const Tensor all = rows.view({-1, visible.size(0), rows.size(1)});
    const Tensor seen = all.index_select(1, visible.nonzero().flatten()).flatten(0, 1);
    const bool some = seen.size(0) > 1;
    scales_.push_back({visible, some ? seen.mean(0) : at::zeros({rows.size(1)}),
                       some ? seen.std(0).clamp_min(1e-6) : at::ones({rows.size(1)})});
  }
}

Tensor InfillLayout::operator()(const std::vector<Tensor>& rows, int positions) const {
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    const auto& [visible, mean, deviation] = scales_[i];
    const std::int64_t texts = rows[i].size(0) / positions;
    const Tensor seen = visible.narrow(0, 0, positions).repeat({texts}).unsqueeze(1);
    parts.push_back(at::where(seen > 0, (rows[i] - mean) / deviation, at::zeros({})));
    parts.push_back(1 - seen);
  }
  return at::cat(parts, 1);
}

int InfillLayout::width() const {
  int width = 0;
  for (const Scale& s : scales_) width += static_cast<int>(s.mean.size(0)) + 1;
  return width;
}

}  // namespace splitwan::attacks
