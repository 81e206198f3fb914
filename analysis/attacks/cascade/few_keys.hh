// Partial results over few keys: u / e of a single key is that token's value row. No torch.
#pragma once

#include <set>

#include "analysis/attacks/cascade/views.hh"

namespace splitwan::attacks {

struct Partial {
  int query = 0, shard = 0;
  Positions keys;  // that the query may see
};
struct Partials {
  int all = 0, filled = 0;   // of every query and every shard; with a key that the query may see
  std::vector<Partial> few;  // of those that a party gets of shards that are not its own
};
// Causal. To whom they come: CompNodes, or the aggregator, which owns no shard. `most` keys are few.
Partials partials_of(const engine::Sharding&, int tokens, int most = 2);

struct FewKeys {
  int count = 0;          // partials over so many keys
  int secret = 0;         // of them with a key behind the public prefix
  std::set<int> exposed;  // those keys
};
FewKeys count_few(const Partials&, int keys, int prefix_tokens);

// alpha * cluster * k tokens, so that every shard has `cluster` * k public keys.
int prefix_tokens(const engine::Sharding&, int public_prefix);

}  // namespace splitwan::attacks
