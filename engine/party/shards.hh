// Who holds which token, and who speaks with whom, where a sequence is sharded among parties that must not
// collude (Cascade, arXiv 2507.05228; its body is not public: a reconstruction). No torch.
//
// Token t is of shard floor(t / cluster) mod alpha: clusters of `cluster` tokens that begin alpha * cluster
// apart (the stride), with a hole of (alpha - 1) * cluster tokens between them. CompNode a holds the hidden
// rows of shard a; AttnNode (a, b) sees the queries of shard a and the keys and values of shard b.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/base/types.hh"

namespace splitwan::engine {

enum class ShardRole : std::uint8_t { client, comp, attn, merge };

struct ShardParty {
  ShardRole role = ShardRole::client;
  int queries = 0, keys = 0;  // shards: comp has both the same; client and merge none
  bool operator==(const ShardParty&) const = default;
};

struct Sharding {
  int alpha = 4, cluster = 1;
  bool aggregator = false;  // a party of its own merges the partial results, not the CompNodes

  int shard_of(int position) const { return position / cluster % alpha; }
  int stride() const { return alpha * cluster; }
  int hole() const { return (alpha - 1) * cluster; }
  int nodes() const { return alpha + alpha * alpha + (aggregator ? 1 : 0); }
  int parties() const { return nodes() + 1; }

  // Parties' numbers: the client 0, CompNodes, AttnNodes row by row, the aggregator.
  PartyId comp(int shard) const { return static_cast<PartyId>(1 + shard); }
  PartyId attn(int queries, int keys) const {
    return static_cast<PartyId>(1 + alpha + queries * alpha + keys);
  }
  PartyId merger() const { return static_cast<PartyId>(1 + alpha + alpha * alpha); }
  ShardParty party(PartyId) const;  // throws Error on a number that none has

  // Those that speak with each other, lower number first, in order.
  std::vector<std::pair<PartyId, PartyId>> pairs() const;
};

// "client", "comp:3", "attn:2,5", "merge".
std::string name_of(const ShardParty&);
// Throws Error that says what there is.
PartyId party_named(const Sharding&, const std::string& name);

}  // namespace splitwan::engine
