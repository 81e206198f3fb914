#include "engine/party/shards.hh"

#include <fmt/format.h>

#include "engine/base/error.hh"

namespace splitwan::engine {

ShardParty Sharding::party(PartyId id) const {
  const int place = static_cast<int>(id) - 1, pairs = alpha * alpha;
  if (id == 0) return {};
  if (place < alpha) return {ShardRole::comp, place, place};
  if (const int pair = place - alpha; pair < pairs) return {ShardRole::attn, pair / alpha, pair % alpha};
  if (aggregator && id == merger()) return {ShardRole::merge, 0, 0};
  throw Error("party {}: expected one of {}", id, parties());
}

std::vector<std::pair<PartyId, PartyId>> Sharding::pairs() const {
  std::vector<std::pair<PartyId, PartyId>> all;
  all.reserve(static_cast<std::size_t>(alpha));
  for (int a = 0; a < alpha; ++a) all.emplace_back(0, comp(a));
  for (int a = 0; a < alpha; ++a) {
    for (int q = 0; q < alpha; ++q)
      for (int k = 0; k < alpha; ++k)
        if (q == a || k == a) all.emplace_back(comp(a), attn(q, k));
    if (aggregator) all.emplace_back(comp(a), merger());
  }
  for (int q = 0; aggregator && q < alpha; ++q)
    for (int k = 0; k < alpha; ++k) all.emplace_back(attn(q, k), merger());
  return all;
}

std::string name_of(const ShardParty& party) {
  switch (party.role) {
    case ShardRole::client:
      return "client";
    case ShardRole::comp:
      return fmt::format("comp:{}", party.queries);
    case ShardRole::attn:
      return fmt::format("attn:{},{}", party.queries, party.keys);
    case ShardRole::merge:
      return "merge";
  }
  return {};
}

PartyId party_named(const Sharding& sharding, const std::string& name) {
  for (PartyId id = 0; id < static_cast<PartyId>(sharding.parties()); ++id)
    if (name_of(sharding.party(id)) == name) return id;
  const int last = sharding.alpha - 1;
  throw Error("role '{}': expected comp:0 to comp:{}, attn:0,0 to attn:{},{}{}", name, last, last, last,
              sharding.aggregator ? ", or merge" : "");
}

}  // namespace splitwan::engine
