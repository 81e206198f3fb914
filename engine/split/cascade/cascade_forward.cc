#include <ATen/ATen.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "engine/base/error.hh"
#include "engine/split/cascade/neighbours.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

using namespace cascade;

class CascadeForward : public Forward {
 public:
  CascadeForward(Party& party, const ModelEnds& ends, const CascadeTerms& terms, CascadeOptions options)
      : party_(party),
        ends_(ends),
        terms_(terms),
        options_(options),
        beside_(party, terms_, ends.config(), options),
        ledger_(terms.sharding, ends.config().context),
        told_(static_cast<std::size_t>(terms.sharding.alpha)),
        head_cache_(ends.head().new_cache(options.length)),
        tail_cache_(ends.tail().new_cache(options.length)) {
    if (const LayerRange between{ends.head().range().end, ends.tail().range().begin}; between != terms.nodes)
      throw Error("the nodes hold layers {}:{}: expected {}:{}", terms.nodes.begin, terms.nodes.end,
                  between.begin, between.end);
    for (const PartyId comp : beside_.all()) beside_.greet(comp);
  }

  at::Tensor prefill(std::span<const Token> prompt) override {
    at::Tensor logits;
    beside_.run([&] { logits = take(prompt); });
    return logits;
  }

  at::Tensor run(const TokenBatch& batch) override {
    at::Tensor logits;
    beside_.run([&] {
      ++round_trips_;
      logits = finish(batch, send(batch), batch.rows());
    });
    return logits;
  }

  void commit(std::span<const std::int32_t> rows) override {
    commit_sent(rows);
    tail_cache_.commit(rows);
  }

  int committed() const override { return tail_cache_.committed(); }
  std::uint64_t round_trips() const override { return round_trips_; }
  void close() override { beside_.leave(beside_.all()); }

 private:
  // Chunk after chunk goes out before the first one's answer is waited for.
  at::Tensor take(std::span<const Token> prompt) {
    ++round_trips_;
    std::vector<TokenBatch> chunks;
    std::vector<BatchRows> sent;
    for (std::size_t at = 0; at < prompt.size(); at += static_cast<std::size_t>(options_.prefill_chunk)) {
      const auto rows = std::min(static_cast<std::size_t>(options_.prefill_chunk), prompt.size() - at);
      chunks.push_back(TokenBatch::chain(prompt.subspan(at, rows)));
      sent.push_back(send(chunks.back()));
      commit_sent(first_rows(rows));
    }
    at::Tensor logits;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      logits = finish(chunks[i], sent[i], i + 1 == chunks.size() ? 1 : 0);
      tail_cache_.commit(first_rows(chunks[i].ids.size()));
    }
    return logits;
  }

  void commit_sent(std::span<const std::int32_t> rows) {
    head_cache_.commit(rows);
    for (const std::int32_t row : rows) ledger_.add(first_ + row);
  }

  // The first layers, then each row to its owner.
  BatchRows send(const TokenBatch& batch) {
    const auto rows = static_cast<std::uint32_t>(batch.rows());
    Header all;  // what every owner is told
    all.kind = Kind::request;
    all.step = party_.step();
    all.context = static_cast<std::uint32_t>(head_cache_.committed());
    if (!is_chain(batch.parent)) all.parent = batch.parent;
    const at::Tensor hidden = party_.work(ends_.head().work(Phase::head, rows, all.context), [&] {
      head_cache_.begin(batch.parent);
      return ends_.head()(ends_.embed(batch.ids), head_cache_);
    });
    first_ = std::exchange(next_, next_ + batch.rows());
    BatchRows sharded(terms_.sharding, ends_.config().context, all, first_);
    std::vector<std::pair<PartyId, Message>> messages;
    party_.work(codec_work(*terms_.wire, rows, ends_.config().width), [&] {
      for (int shard = 0; shard < terms_.sharding.alpha; ++shard) {
        const RowList own = rows_of(batch, sharded, shard);
        if (own.empty()) continue;
        Message m = encode(hidden.index_select(0, at::tensor(own, at::kInt)), *terms_.wire);
        Header& h = m.header;
        h.kind = all.kind;
        h.step = all.step;
        h.context = all.context;
        h.parent = all.parent;
        h.keep = ledger_.tell(first_, std::exchange(told_[static_cast<std::size_t>(shard)], ledger_.size()),
                              RowLedger::every_shard);
        messages.emplace_back(terms_.sharding.comp(shard), std::move(m));
      }
      return 0;
    });
    asked_.push_back(party_.now());
    for (auto& [comp, message] : messages) party_.send(comp, std::move(message));
    return sharded;
  }

  RowList rows_of(const TokenBatch& batch, const BatchRows& sharded, int shard) const {
    RowList own;
    for (std::int32_t row = 0; row < batch.rows(); ++row)
      if (terms_.sharding.shard_of(sharded.position(row)) == shard) own.push_back(row);
    return own;
  }

  // Every owner's rows, then the last layers; logits of the last `wanted` rows.
  at::Tensor finish(const TokenBatch& batch, const BatchRows& sharded, int wanted) {
    const int width = ends_.config().width;
    std::vector<std::pair<RowList, Arrival>> answers;
    for (int shard = 0; shard < terms_.sharding.alpha; ++shard) {
      RowList own = rows_of(batch, sharded, shard);
      if (own.empty()) continue;
      Arrival arrival =
          beside_.next(terms_.sharding.comp(shard), fmt::format("answer to step {}", party_.step()));
      const Header& h = arrival.message.header;
      expect(arrival.message, Kind::reply);
      if (!sharded.is(h) || h.rows != own.size())
        throw Error("{}: {} rows of step {} after {} tokens: expected {} of step {} after {}",
                    beside_.name(arrival.from), h.rows, h.step, h.context, own.size(), sharded.step(),
                    sharded.context());
      beside_.check_claims(arrival, asked_.front());
      answers.emplace_back(std::move(own), std::move(arrival));
    }
    asked_.pop_front();
    at::Tensor hidden =
        party_.work(codec_work(*terms_.wire, static_cast<std::uint32_t>(batch.rows()), width), [&] {
          at::Tensor all = at::empty({batch.rows(), width});
          for (const auto& [own, arrival] : answers)
            all.index_copy_(0, at::tensor(own, at::kLong), beside_.rows(arrival, width));
          return all;
        });
    const auto rows = static_cast<std::uint32_t>(batch.rows()),
               context = static_cast<std::uint32_t>(tail_cache_.committed());
    return party_.work(ends_.logits_work(ends_.tail().work(Phase::tail, rows, context), wanted), [&] {
      tail_cache_.begin(batch.parent);
      hidden = ends_.tail()(hidden, tail_cache_, wanted);
      return wanted > 0 ? ends_.logits(hidden) : at::Tensor();
    });
  }

  Party& party_;
  const ModelEnds& ends_;
  CascadeTerms terms_;
  CascadeOptions options_;
  Neighbours beside_;
  RowLedger ledger_;
  std::vector<int> told_;              // by shard: positions that its owner was told of
  std::int32_t first_ = 0, next_ = 0;  // numbers: of the last batch's first row, of the next row
  std::deque<Nanos> asked_;            // when the rows went out that were not answered yet
  KvCache head_cache_, tail_cache_;
  std::uint64_t round_trips_ = 0;
};

}  // namespace

std::unique_ptr<Forward> make_cascade(Party& client, const ModelEnds& ends, const CascadeTerms& terms,
                                      CascadeOptions options) {
  return std::make_unique<CascadeForward>(client, ends, terms, options);
}

}  // namespace splitwan::engine
