#include "analysis/attacks/cascade/coalition.hh"

#include <algorithm>
#include <numeric>

#include "engine/base/error.hh"

namespace splitwan::attacks {
namespace {

// The next set of as many shards, in order; false after the last.
bool next_set(std::vector<int>& set, int alpha) {
  const int size = static_cast<int>(set.size());
  int at = size - 1;
  while (at >= 0 && set[static_cast<std::size_t>(at)] == alpha - size + at) --at;
  if (at < 0) return false;
  std::iota(set.begin() + at, set.end(), set[static_cast<std::size_t>(at)] + 1);
  return true;
}

double sets_of(int alpha, int size) {
  double n = 1;
  for (int i = 0; i < size; ++i) n = n * (alpha - i) / (i + 1);
  return n;
}

// Of equals the first; a view without an inner gap hides most.
bool worse(const Coalition& a, const Coalition& b) {
  if (a.hole_gap != b.hole_gap) return a.hole_gap && (!b.hole_gap || *a.hole_gap < *b.hole_gap);
  return a.shards < b.shards;
}

}  // namespace

Coalition worst_coalition(const engine::Sharding& sharding, engine::ShardRole kind, int nodes, int tokens) {
  const int alpha = sharding.alpha;
  const bool comp = kind == engine::ShardRole::comp;
  if (nodes < 1 || nodes > (comp ? alpha : alpha * alpha))
    throw engine::Error("collude: expected 1 to {} {}, found {}", comp ? alpha : alpha * alpha,
                        comp ? "CompNodes" : "AttnNodes", nodes);
  int least = nodes, most = nodes;
  if (!comp) {
    for (least = 1; least * least < nodes;) ++least;  // s shards are seen by s * s AttnNodes
    most = std::min(2 * nodes, alpha);
  }
  double sets = 0;
  for (int size = least; size <= most; ++size) sets += sets_of(alpha, size);
  if (sets > 1e6)
    throw engine::Error(
        "collude: {} nodes of {} shards can see {:.0f} different sets, expected 1000000 at most", nodes,
        alpha, sets);
  std::optional<Coalition> worst;
  for (int size = least; size <= most; ++size) {
    std::vector<int> set(static_cast<std::size_t>(size));
    std::iota(set.begin(), set.end(), 0);
    do {
      const Gaps gaps = gaps_of(positions_of(sharding, set, tokens), tokens);
      Coalition here{set, gaps.largest_inner, gaps.smallest_inner};
      if (!worst || worse(here, *worst)) worst = std::move(here);
    } while (next_set(set, alpha));
  }
  return *worst;
}

}  // namespace splitwan::attacks
