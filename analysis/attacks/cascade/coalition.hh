// What nodes see that put their views together. No torch.
#pragma once

#include "analysis/attacks/cascade/views.hh"

namespace splitwan::attacks {

struct Coalition {
  std::vector<int> shards;                  // that it sees
  std::optional<int> hole_gap, inside_gap;  // largest and smallest inner gap
};
// The worst that any `nodes` different CompNodes, or AttnNodes, see together: the smallest largest inner gap,
// of equals the first in order of shards. Exact: every set of shards is tried that so many can see. An
// AttnNode (a, a) sees CompNode a's tokens, so that no mixture of kinds is worse than AttnNodes alone. Throws
// Error where there are not so many nodes, or more than a million sets.
Coalition worst_coalition(const engine::Sharding&, engine::ShardRole, int nodes, int tokens);

}  // namespace splitwan::attacks
