#include "analysis/attacks/cascade/few_keys.hh"

namespace splitwan::attacks {

Partials partials_of(const engine::Sharding& sharding, int tokens, int most) {
  Partials out;
  std::vector<Positions> keys(static_cast<std::size_t>(sharding.alpha));
  for (int query = 0; query < tokens; ++query) {
    const int own = sharding.shard_of(query);
    keys[static_cast<std::size_t>(own)].push_back(query);
    for (int shard = 0; shard < sharding.alpha; ++shard) {
      const Positions& seen = keys[static_cast<std::size_t>(shard)];
      ++out.all;
      out.filled += !seen.empty();
      if (seen.empty() || static_cast<int>(seen.size()) > most) continue;
      if (sharding.aggregator || shard != own) out.few.push_back({query, shard, seen});
    }
  }
  return out;
}

FewKeys count_few(const Partials& partials, int keys, int prefix) {
  FewKeys out;
  for (const Partial& p : partials.few) {
    if (static_cast<int>(p.keys.size()) != keys) continue;
    ++out.count;
    out.secret += p.keys.back() >= prefix;
    for (const int key : p.keys)
      if (key >= prefix) out.exposed.insert(key);
  }
  return out;
}

int prefix_tokens(const engine::Sharding& sharding, int public_prefix) {
  return sharding.stride() * public_prefix;
}

}  // namespace splitwan::attacks
