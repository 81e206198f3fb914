// What crosses the network where tokens are sharded (shards.hh): bytes, messages and hops in closed form, for
// whoever counts them at the wire. Payload only; a message has prefix_size bytes and its lists beside it.
#pragma once

#include <cstdint>
#include <span>

#include "engine/party/shard_terms.hh"

namespace splitwan::engine {

// Of a model, as far as its messages and costs go. Widths are elements of a row.
struct ShardWidths {
  int layers = 0;  // those of the nodes
  std::uint64_t model = 0, queries = 0, kv = 0, heads = 0;
  std::uint64_t window = 0;  // sliding: a row sees so many positions, its own among them; 0: all before it
  bool causal = true;        // false: every row sees all rows
  std::uint64_t ffn = 0, ffn_matrices = 3, vocabulary = 0;  // for costs alone; 0: not stated
  std::vector<int> full_layers =
      {};  // of the nodes', counted from their first: rows see all in spite of the window
  std::uint64_t window_of(int layer) const;
};
// Throws Error naming the key that `geometry` lacks.
ShardWidths shard_widths_of(const Json& geometry, LayerRange nodes, const std::string& where);

// Positions of shard `shard` among the first `end`.
std::uint64_t positions_of(const Sharding&, int shard, std::uint64_t end);
// How many keys of a shard the row at a position sees in one of the nodes' layers; `end`: positions that
// there are, where rows see all. One position is one key: of a tree's rows that share one, a row sees its own
// path's.
std::uint64_t keys_seen(const Sharding&, const ShardWidths&, int layer, int shard, std::uint64_t position,
                        std::uint64_t end);

struct Carried {
  std::uint64_t messages = 0, payload = 0;  // bytes
  Carried& operator+=(const Carried& o) {
    messages += o.messages, payload += o.payload;
    return *this;
  }
  bool operator==(const Carried&) const = default;
};

struct ShardBytes {
  Carried out, back;  // client to CompNodes and back: counted apart
  Carried up, down,
      merged;  // CompNodes to AttnNodes; partial results, to CompNodes or the aggregator; on from it
  std::uint64_t hops = 0;  // one after the other
  Carried client() const { return Carried(out) += back; }
  Carried inner() const { return (Carried(up) += down) += merged; }
};

enum class EmptyPartials : std::uint8_t { skipped, sent };

// One of the nodes' layers; rows are at these positions. Only up, down, merged and hops.
ShardBytes layer_bytes(const ShardTerms&, const ShardWidths&, const std::string& wire,
                       std::span<const std::uint32_t> positions, EmptyPartials = EmptyPartials::skipped,
                       int layer = 0);
// A batch's whole trip: a chunk of a prompt, or a step.
ShardBytes step_bytes(const ShardTerms&, const ShardWidths&, const std::string& wire,
                      std::span<const std::uint32_t> positions, EmptyPartials = EmptyPartials::skipped);
// All nodes together keep so much for each token.
std::uint64_t cache_bytes_per_token(const ShardTerms&, const ShardWidths&, const std::string& wire);

}  // namespace splitwan::engine
