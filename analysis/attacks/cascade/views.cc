#include "analysis/attacks/cascade/views.hh"

#include <algorithm>
#include <limits>
#include <numeric>

#include "engine/base/error.hh"

namespace splitwan::attacks {

using engine::Sharding, engine::ShardRole;

Gaps gaps_of(const Positions& visible, int tokens) {
  Gaps g;
  g.rows = static_cast<int>(visible.size());
  int before = -1;
  for (const int p : visible) {
    const int gap = p - before;
    ++g.histogram[gap];
    g.largest = std::max(g.largest.value_or(gap), gap);
    if (before >= 0) {
      g.largest_inner = std::max(g.largest_inner.value_or(gap), gap);
      g.smallest_inner = std::min(g.smallest_inner.value_or(gap), gap);
    }
    before = p;
  }
  g.hidden_tail = tokens - 1 - before;
  return g;
}

Positions positions_of(const Sharding& sharding, const std::vector<int>& shards, int tokens) {
  Positions out;
  for (int p = 0; p < tokens; ++p)
    if (std::ranges::count(shards, sharding.shard_of(p))) out.push_back(p);
  return out;
}

std::vector<NodeView> node_views(const Sharding& sharding, int tokens) {
  std::vector<NodeView> views;
  for (int id = 1; id < sharding.parties(); ++id) {
    NodeView view;
    view.party = sharding.party(static_cast<engine::PartyId>(id));
    const auto of = [&](int shard) { return positions_of(sharding, {shard}, tokens); };
    if (view.party.role == ShardRole::comp) {
      view.visible = view.hidden = view.queries = view.keys = of(view.party.queries);
      if (!sharding.aggregator) view.partials = view.hidden;
    } else if (view.party.role == ShardRole::attn) {
      view.queries = of(view.party.queries);
      view.keys = of(view.party.keys);
      view.visible = positions_of(sharding, {view.party.queries, view.party.keys}, tokens);
    } else {
      view.partials.resize(static_cast<std::size_t>(tokens));
      std::iota(view.partials.begin(), view.partials.end(), 0);
    }
    view.gaps = gaps_of(view.visible, tokens);
    views.push_back(std::move(view));
  }
  return views;
}

namespace {

constexpr int nothing_to_bridge = std::numeric_limits<int>::max();

// In order of (queries, keys).
std::vector<ShardPair> shard_pairs(const Sharding& sharding, int tokens) {
  if (sharding.alpha < 2) throw engine::Error("alpha: expected 2 or more, found {}", sharding.alpha);
  std::vector<ShardPair> pairs;
  for (int q = 0; q < sharding.alpha; ++q)
    for (int k = 0; k < sharding.alpha; ++k)
      if (q != k)
        pairs.push_back({q, k, gaps_of(positions_of(sharding, {q, k}, tokens), tokens).largest_inner});
  return pairs;
}

int gap_or_more(const ShardPair& p) { return p.gap.value_or(nothing_to_bridge); }

}  // namespace

ShardPair worst_pair(const Sharding& sharding, int tokens) {
  const auto pairs = shard_pairs(sharding, tokens);
  return *std::ranges::min_element(pairs, {}, gap_or_more);
}

ShardPair best_pair(const Sharding& sharding, int tokens) {
  const auto pairs = shard_pairs(sharding, tokens);
  return *std::ranges::max_element(pairs.rbegin(), pairs.rend(), {}, gap_or_more);
}

std::optional<int> partials_gap(const Sharding& sharding, const NodeView& view, int tokens) {
  std::optional<int> most;
  const bool owns = view.party.role == ShardRole::comp;
  std::vector<int> seen(static_cast<std::size_t>(sharding.alpha)), there = seen;
  int next = 0;
  for (const int query : view.partials) {
    for (; next <= query && next < tokens; ++next) ++there[static_cast<std::size_t>(sharding.shard_of(next))];
    for (int shard = 0; shard < sharding.alpha; ++shard) {
      if (owns && shard == view.party.keys) continue;
      const auto at = static_cast<std::size_t>(shard);
      if (there[at] > seen[at]) most = std::max(most.value_or(0), there[at] - seen[at]);
      seen[at] = there[at];
    }
  }
  return most;
}

}  // namespace splitwan::attacks
