#include "engine/party/shard_plan.hh"

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/wire/codecs.hh"
#include "engine/wire/wire.hh"

namespace splitwan::engine {
namespace {

std::vector<std::vector<std::uint32_t>> dealt(const Sharding& s, std::uint32_t context,
                                              const std::vector<std::uint32_t>& depths) {
  std::vector<std::vector<std::uint32_t>> positions(static_cast<std::size_t>(s.alpha));
  for (const std::uint32_t depth : depths)
    positions[static_cast<std::size_t>(s.shard_of(static_cast<int>(context + depth)))].push_back(context +
                                                                                                 depth);
  return positions;
}

}  // namespace

// The batch's positions by shard, and what they see.
struct ShardSession::Rows {
  std::vector<std::vector<std::uint32_t>> of;
  std::uint64_t end = 0;  // positions that there are
  std::uint32_t parents = 0;

  const std::vector<std::uint32_t>& positions(int shard) const { return of[static_cast<std::size_t>(shard)]; }
  std::uint32_t count(int shard) const { return static_cast<std::uint32_t>(positions(shard).size()); }
};

std::uint64_t ShardMessage::bytes() const { return prefix_size + sizeof(std::int32_t) * lists + payload; }

ShardSession::ShardSession(const ShardTerms& terms, const ShardWidths& widths, std::string wire)
    : terms_(terms), widths_(widths), wire_(std::move(wire)), alpha_(terms.sharding.alpha) {
  const auto parties = static_cast<std::size_t>(terms.sharding.parties()),
             shards = static_cast<std::size_t>(alpha_);
  told_.resize(parties * parties);
  asked_.resize(shards * shards);
  stored_.resize(shards * shards * static_cast<std::size_t>(widths.layers));
}

void ShardSession::store(Stored& stored, std::size_t message, const ShardBatch& batch) const {
  if (stored.here && *stored.here < batch.first_message) stored.before = stored.here;
  stored.here = message;
}

ShardSession::Stored& ShardSession::stored(int queries, int keys, std::uint32_t layer) {
  return stored_[(static_cast<std::size_t>(queries) * static_cast<std::size_t>(alpha_) +
                  static_cast<std::size_t>(keys)) *
                     static_cast<std::size_t>(widths_.layers) +
                 layer];
}

std::size_t ShardSession::put(ShardBatch& batch, ShardMessage m) const {
  batch.messages.push_back(m);
  return batch.first_message + batch.messages.size() - 1;
}

// What a message that may name rows says of them: the batch's parents, the number of its first row, and those
// committed since; shard < 0: of all shards, else of this one, and of none where it is not the receiver's
// keys'.
std::uint32_t ShardSession::listed(PartyId from, PartyId to, int shard, std::uint32_t parents) {
  const Sharding& s = terms_.sharding;
  const auto parties = static_cast<std::size_t>(s.parties());
  std::uint32_t& told = told_[from * parties + to];
  const std::uint32_t before = std::exchange(told, context_);
  if (!dropped_) return parents;
  const std::uint64_t fresh =
      shard < 0 ? context_ - before : positions_of(s, shard, context_) - positions_of(s, shard, before);
  return parents + 1 + static_cast<std::uint32_t>(fresh);
}

ShardBatch ShardSession::greet(std::uint64_t hello_bytes) {
  const Sharding& s = terms_.sharding;
  ShardBatch batch;
  batch.first_message = next_message_;
  for (const auto& [a, b] : s.pairs()) put(batch, {a, b, 0, 0, 0, hello_bytes - prefix_size});
  next_message_ += batch.messages.size();
  return batch;
}

double ShardSession::weights(std::uint32_t layer) const {
  const ShardWidths& w = widths_;
  const auto before = static_cast<double>(w.model * (w.queries + 2 * w.kv)),
             after = static_cast<double>(w.model * w.queries + w.ffn_matrices * w.model * w.ffn);
  return (layer < static_cast<std::uint32_t>(w.layers) ? before : 0) + (layer > 0 ? after : 0);
}

// What CompNode `a` sends before a layer.
std::vector<std::size_t> ShardSession::ask(ShardBatch& batch, const Rows& rows, int a, std::uint32_t layer) {
  const Sharding& s = terms_.sharding;
  const std::uint32_t n = rows.count(a);
  const auto bytes = [&](std::uint64_t width) { return n * row_bytes(wire_, width); };
  std::vector<std::size_t> sent;
  for (int k = 0; k < alpha_; ++k) {
    const std::uint32_t lists = layer == 0 ? listed(s.comp(a), s.attn(a, k), k, rows.parents) : 0;
    sent.push_back(put(batch, {s.comp(a), s.attn(a, k), n, layer, lists,
                               bytes(widths_.queries + (k == a ? 2 * widths_.kv : 0))}));
    asked(a, k) = sent.back();
    if (k == a) store(stored(a, a, layer), sent.back(), batch);
  }
  for (int q = 0; q < alpha_; ++q) {
    if (q == a) continue;
    const std::uint32_t lists = layer > 0 ? 0 : rows.parents + (dropped_ ? 1 : 0);
    sent.push_back(put(batch, {s.comp(a), s.attn(q, a), n, layer, lists, bytes(2 * widths_.kv)}));
    store(stored(q, a, layer), sent.back(), batch);
  }
  return sent;
}

// What the AttnNodes make of CompNode `a`'s rows; the messages that it then waits for.
std::vector<std::size_t> ShardSession::answer(ShardBatch& batch, const Rows& rows, int a,
                                              std::uint32_t layer) {
  const Sharding& s = terms_.sharding;
  const std::uint64_t numbers = static_cast<std::uint64_t>(terms_.numbers_per_head()) * widths_.heads;
  std::vector<std::size_t> partials;
  for (int k = 0; k < alpha_; ++k) {
    ShardJob job{s.attn(a, k), Phase::attend, 0, layer};
    std::uint32_t last = 0;  // position of a row that sees any
    for (const std::uint32_t position : rows.positions(a)) {
      const std::uint64_t keys = keys_seen(s, widths_, static_cast<int>(layer), k, position, rows.end);
      if (keys == 0) continue;
      ++job.rows;
      job.pairs += static_cast<double>(keys);
      job.keys = std::max(job.keys, static_cast<double>(keys));
      last = std::max(last, position);
    }
    if (job.rows == 0) continue;
    job.needs = {asked(a, k)};
    const auto& theirs = rows.positions(k);
    const bool among = !theirs.empty() && (!widths_.causal || std::ranges::min(theirs) <= last);
    // Of this batch only what its rows see; what came before it in any case.
    const Stored& keys = stored(a, k, layer);
    const bool fresh = keys.here && *keys.here >= batch.first_message;
    if (const auto need = fresh && !among ? keys.before : keys.here; k != a && need)
      job.needs.push_back(*need);
    const std::uint64_t payload = job.rows * row_bytes(wire_, widths_.queries + numbers);
    const PartyId to = s.aggregator ? s.merger() : s.comp(a);
    const std::uint32_t lists = s.aggregator && layer == 0 ? rows.parents : 0;
    job.sends = {put(batch, {job.party, to, job.rows, layer, lists, payload, asked(a, k)})};
    partials.push_back(job.sends[0]);
    batch.jobs.push_back(std::move(job));
  }
  if (!s.aggregator) return partials;
  const std::uint32_t n = rows.count(a);
  ShardJob merge{s.merger(), Phase::attend, n, layer};
  merge.needs = std::move(partials);
  merge.sends = {put(batch, {s.merger(), s.comp(a), n, layer, 0, n * row_bytes(wire_, widths_.queries)})};
  batch.jobs.push_back(std::move(merge));
  return batch.jobs.back().sends;
}

ShardBatch ShardSession::add(std::uint64_t step, const std::vector<std::uint32_t>& depths, bool chain) {
  const Sharding& s = terms_.sharding;
  sent_ = static_cast<std::uint32_t>(depths.size());
  ShardBatch batch{step, context_, sent_, next_message_, {}, {}};
  const Rows rows{dealt(s, context_, depths), context_ + (depths.empty() ? 0 : std::ranges::max(depths) + 1u),
                  chain ? 0 : sent_};
  const auto layers = static_cast<std::uint32_t>(widths_.layers);
  std::vector<std::vector<std::size_t>> waits(rows.of.size());
  std::vector<std::size_t> requests(rows.of.size());
  const auto each = [&](auto act) {
    for (int a = 0; a < alpha_; ++a)
      if (rows.count(a) > 0) act(a, static_cast<std::size_t>(a));
  };
  each([&](int a, std::size_t i) {
    const std::uint32_t n = rows.count(a);
    requests[i] = put(batch, {0, s.comp(a), n, 0, listed(0, s.comp(a), -1, rows.parents),
                              n * row_bytes(wire_, widths_.model)});
    waits[i] = {requests[i]};
  });
  for (std::uint32_t layer = 0; layer <= layers; ++layer) {
    each([&](int a, std::size_t i) {
      ShardJob job{s.comp(a), Phase::middle, rows.count(a), layer, weights(layer)};
      job.needs = std::move(waits[i]);
      if (layer < layers) {
        job.sends = ask(batch, rows, a, layer);
      } else {
        job.sends = {put(batch, {s.comp(a), 0, job.rows, layer, 0, job.rows * row_bytes(wire_, widths_.model),
                                 requests[i]})};
      }
      batch.jobs.push_back(std::move(job));
    });
    if (layer < layers) each([&](int a, std::size_t i) { waits[i] = answer(batch, rows, a, layer); });
  }
  next_message_ += batch.messages.size();
  return batch;
}

void ShardSession::commit(std::uint32_t rows) {
  dropped_ = dropped_ || rows < sent_;
  context_ += rows;
}

std::vector<std::uint32_t> chain_depths(std::uint32_t rows) {
  std::vector<std::uint32_t> depths(rows);
  std::iota(depths.begin(), depths.end(), 0);
  return depths;
}

}  // namespace splitwan::engine
