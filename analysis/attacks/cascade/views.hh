// What each party of a sharded sequence is shown: which tokens' rows, and how far they lie apart. No torch.
//
// An index gap is the difference of successive visible positions counted from 1, so that the hole before the
// first one has a gap, too; inner gaps leave that one out. A gap g hides g - 1 tokens.
#pragma once

#include <map>
#include <optional>

#include "engine/party/shards.hh"

namespace splitwan::attacks {

using Positions = std::vector<int>;  // from 0, ascending

struct Gaps {
  int rows = 0;                                               // visible ones
  std::optional<int> largest, largest_inner, smallest_inner;  // none where there are too few rows
  int hidden_tail = 0;                                        // tokens behind the last visible one
  std::map<int, int> histogram;                               // of all gaps
  bool operator==(const Gaps&) const = default;
};
Gaps gaps_of(const Positions& visible, int tokens);

// Tokens of these shards, of a sequence of `tokens`.
Positions positions_of(const engine::Sharding&, const std::vector<int>& shards, int tokens);

struct NodeView {
  engine::ShardParty party;
  // Rows at every layer that the nodes run: hidden ones (with the queries, keys and values made of them),
  // rotated queries, rotated keys and values, and the queries whose partial results come here.
  Positions hidden, queries, keys, partials;
  Positions visible;  // tokens of which it has rows
  Gaps gaps;          // of those
};
// Of every node, in order of their numbers; the client sees everything and is left out.
std::vector<NodeView> node_views(const engine::Sharding&, int tokens);

// The two shards of an AttnNode that sees two, and the largest inner gap of its view.
struct ShardPair {
  int queries = 0, keys = 0;
  std::optional<int> gap;
};
// The smallest gap (the first such pair) and the largest (the last one). Throws Error for a single shard.
ShardPair worst_pair(const engine::Sharding&, int tokens);
ShardPair best_pair(const engine::Sharding&, int tokens);

// Tokens that are new, at most, in one partial result after the other that a party gets and does not own:
// what it must guess at once when it works through them in order. None where it gets none.
std::optional<int> partials_gap(const engine::Sharding&, const NodeView&, int tokens);

}  // namespace splitwan::attacks
