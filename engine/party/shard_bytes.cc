#include "engine/party/shard_bytes.hh"

#include <algorithm>
#include <vector>

#include "engine/base/json_file.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::engine {
namespace {

// The rows of one shard's CompNode.
struct Share {
  std::uint64_t rows = 0;
  std::vector<std::uint64_t> seeing;  // of them, those with a key in shard k
};

std::vector<Share> shares_of(const Sharding& s, const ShardWidths& w, int layer,
                             std::span<const std::uint32_t> positions) {
  const auto alpha = static_cast<std::size_t>(s.alpha);
  const std::uint64_t end = positions.empty() ? 0 : std::ranges::max(positions) + 1u;
  std::vector<Share> shares(alpha, {0, std::vector<std::uint64_t>(alpha)});
  for (const std::uint32_t position : positions) {
    Share& share = shares[static_cast<std::size_t>(s.shard_of(static_cast<int>(position)))];
    ++share.rows;
    for (std::size_t k = 0; k < alpha; ++k)
      share.seeing[k] += keys_seen(s, w, layer, static_cast<int>(k), position, end) > 0;
  }
  return shares;
}

}  // namespace

ShardWidths shard_widths_of(const Json& geometry, LayerRange nodes, const std::string& where) {
  const auto need = [&](const char* key) {
    return ObjectReader(geometry, where).whole<std::uint64_t>(key, 1, 1 << 24);
  };
  ShardWidths w{nodes.size(), need("width"), 0, 0, need("heads")};
  w.queries = w.heads * need("head_dim");
  w.kv = need("kv_heads") * need("head_dim");
  w.window = ObjectReader(geometry, where).get<std::uint64_t>("sliding_window", 0);
  w.causal = ObjectReader(geometry, where).get("causal", true);
  w.ffn = ObjectReader(geometry, where).get<std::uint64_t>("ffn", 0);
  w.ffn_matrices = ObjectReader(geometry, where).get<std::uint64_t>("ffn_matrices", w.ffn_matrices);
  w.vocabulary = ObjectReader(geometry, where).get<std::uint64_t>("vocabulary", 0);
  for (const int layer : ObjectReader(geometry, where).get<std::vector<int>>("full_layers", {}))
    if (layer >= nodes.begin && layer < nodes.end) w.full_layers.push_back(layer - nodes.begin);
  return w;
}

std::uint64_t ShardWidths::window_of(int layer) const {
  return std::ranges::find(full_layers, layer) == full_layers.end() ? window : 0;
}

std::uint64_t positions_of(const Sharding& s, int shard, std::uint64_t end) {
  const auto stride = static_cast<std::uint64_t>(s.stride()), cluster = static_cast<std::uint64_t>(s.cluster);
  const std::uint64_t before = static_cast<std::uint64_t>(shard) * cluster, rest = end % stride;
  return end / stride * cluster + std::min(cluster, rest > before ? rest - before : 0);
}

std::uint64_t keys_seen(const Sharding& s, const ShardWidths& w, int layer, int shard, std::uint64_t position,
                        std::uint64_t end) {
  if (!w.causal) return positions_of(s, shard, end);
  const std::uint64_t seen = position + 1, window = w.window_of(layer),
                      unseen = window > 0 && seen > window ? seen - window : 0;
  return positions_of(s, shard, seen) - positions_of(s, shard, unseen);
}

ShardBytes layer_bytes(const ShardTerms& t, const ShardWidths& w, const std::string& wire,
                       std::span<const std::uint32_t> positions, EmptyPartials empty, int of_layer) {
  const auto alpha = static_cast<std::uint64_t>(t.sharding.alpha);
  const std::uint64_t numbers = static_cast<std::uint64_t>(t.numbers_per_head()) * w.heads;
  const std::uint64_t query = row_bytes(wire, w.queries), both = row_bytes(wire, w.queries + 2 * w.kv),
                      kv = row_bytes(wire, 2 * w.kv), partial = row_bytes(wire, w.queries + numbers);
  ShardBytes b;
  b.hops = t.sharding.aggregator ? 3 : 2;
  for (const Share& share : shares_of(t.sharding, w, of_layer, positions)) {
    if (share.rows == 0) continue;
    b.up += {2 * alpha - 1, share.rows * ((alpha - 1) * (query + kv) + both)};
    for (const std::uint64_t seeing : share.seeing) {
      const std::uint64_t rows = empty == EmptyPartials::sent ? share.rows : seeing;
      if (rows > 0) b.down += {1, rows * partial};
    }
    if (t.sharding.aggregator) b.merged += {1, share.rows * query};
  }
  return b;
}

ShardBytes step_bytes(const ShardTerms& t, const ShardWidths& w, const std::string& wire,
                      std::span<const std::uint32_t> positions, EmptyPartials empty) {
  ShardBytes b;
  b.hops = 2;
  for (int layer = 0; layer < w.layers; ++layer) {
    const ShardBytes one = layer_bytes(t, w, wire, positions, empty, layer);
    b.up += one.up, b.down += one.down, b.merged += one.merged, b.hops += one.hops;
  }
  for (const Share& share : shares_of(t.sharding, w, 0, positions))
    if (share.rows > 0) b.out += {1, share.rows * row_bytes(wire, w.model)};
  b.back = b.out;
  return b;
}

std::uint64_t cache_bytes_per_token(const ShardTerms& t, const ShardWidths& w, const std::string& wire) {
  return static_cast<std::uint64_t>(t.sharding.alpha * w.layers) * row_bytes(wire, 2 * w.kv);
}

}  // namespace splitwan::engine
