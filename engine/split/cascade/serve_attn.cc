#include <ATen/ATen.h>

#include <list>
#include <utility>

#include "engine/base/error.hh"
#include "engine/split/cascade/key_store.hh"
#include "engine/split/cascade/neighbours.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

using namespace cascade;

// Attention of one shard's queries over another's keys. Queries wait for the keys that they see: messages of
// two CompNodes come in any order.
class AttnNode {
 public:
  AttnNode(Party& party, const CascadeTerms& terms, const ModelConfig& config, Neighbours& beside)
      : party_(party),
        terms_(terms),
        config_(config),
        beside_(beside),
        shape_(head_shape(config)),
        self_(terms.sharding.party(party.self())),
        ledger_(terms.sharding, config.context, self_.keys),
        store_(terms.nodes.size(), config.kv_width()) {}

  void take(const Arrival& arrival) {
    const Header& h = arrival.message.header;
    const int shard = terms_.sharding.party(arrival.from).queries;
    const bool asks = shard == self_.queries, tells = shard == self_.keys;
    Way& way = asks ? asking_ : telling_;
    follow(way, arrival, asks);
    const int layer = static_cast<int>(h.layer) - terms_.nodes.begin;
    const int q = config_.q_width(), kv = 2 * config_.kv_width();
    const at::Tensor rows = beside_.rows(arrival, (asks ? q : 0) + (tells ? kv : 0));
    if (tells) {  // stored as it comes: no job of its own
      const auto columns = static_cast<std::size_t>(rows.size(1));
      const float* row = rows.data_ptr<float>() + (asks ? q : 0);
      for (const auto number_of : way.rows) {
        if (const auto number = way.batch.number(number_of); !is_dropped(number))
          store_.put(layer, number, row);
        row += columns;
      }
    }
    if (const auto most = static_cast<std::size_t>(config_.context + 2 * widest_tree); store_.rows() > most)
      throw Error("{}: keys of {} rows: expected {} at most", beside_.name(arrival.from), store_.rows(),
                  most);
    if (asks) {
      Arrival bare{arrival.from, arrival.at, {arrival.message.header, {}}};
      waiting_.push_back(
          {std::move(bare), way.batch, way.rows, layer, tells ? rows.narrow(1, 0, q).contiguous() : rows});
    }
    answer_those_that_can_be();
  }

  // Who owes keys that a query waits for.
  Owed awaited() const {
    if (waiting_.empty()) return {};
    const Query& query = waiting_.front();
    return std::pair{
        terms_.sharding.comp(self_.keys),
        fmt::format("keys of layer {} of step {}", terms_.nodes.begin + query.layer, query.batch.step())};
  }

 private:
  // What one CompNode is at.
  struct Way {
    BatchRows batch;
    RowList rows;  // of its shard
    int next = 0;  // layer, counted from the first here
  };
  struct Query {
    Arrival asked;  // without its payload
    BatchRows batch;
    RowList rows;
    int layer;
    at::Tensor values;  // [rows, q_width]
  };

  // A batch begins with its first layer and goes on in order.
  void follow(Way& way, const Arrival& arrival, bool asks) {
    const Header& h = arrival.message.header;
    expect(arrival.message, Kind::request);
    const int layer = terms_.nodes.begin + way.next;
    if (std::cmp_not_equal(h.layer, layer) || (way.next > 0 && !way.batch.is(h)))
      throw Error("{}: layer {} of step {} after {} tokens: expected layer {}{}", beside_.name(arrival.from),
                  h.layer, h.step, h.context, layer,
                  way.next > 0 ? fmt::format(" of step {}", way.batch.step()) : "");
    if (way.next == 0) {
      const std::int32_t first = asks ? ledger_.read(h) : first_number(h);
      way.batch = BatchRows(terms_.sharding, config_.context, h, first);
      if (asks) forget(first);
    }
    if (way.next == 0 || way.rows.size() != h.rows)
      way.rows = way.batch.rows_of(asks ? self_.queries : self_.keys, h.rows);
    way.next = (way.next + 1) % terms_.nodes.size();
  }

  void forget(std::int32_t first) {
    decided_ = std::max(decided_, first);
    if (ledger_.own().size() < store_.rows()) store_.keep(first, ledger_.own());
  }

  // Keys of a row may come when it is known already that nobody kept it.
  bool is_dropped(std::int32_t number) const {
    return number < decided_ && !std::ranges::binary_search(ledger_.own(), number);
  }

  void answer_those_that_can_be() {
    for (auto query = waiting_.begin(); query != waiting_.end();) {
      if (!ready(*query)) {
        ++query;
        continue;
      }
      answer(*query);
      query = waiting_.erase(query);
    }
  }

  int window_of(const Query& query) const { return config_.window(terms_.nodes.begin + query.layer); }

  bool ready(const Query& query) {
    for (const auto row : query.rows) {
      query.batch.keys(row, self_.keys, window_of(query), ledger_, numbers_);
      if (!std::ranges::all_of(numbers_, [&](auto number) { return store_.has(query.layer, number); }))
        return false;
    }
    return true;
  }

  // Rows that see no key here get no part, and where none does nothing is said.
  void answer(const Query& query) {
    const int width = partial_width(shape_, terms_.form);
    std::vector<std::pair<std::int64_t, std::vector<std::int32_t>>> seeing;  // which of the rows, its keys
    double pairs = 0, most = 0;  // rows times the keys that each sees; keys that one sees
    for (std::size_t i = 0; i < query.rows.size(); ++i) {
      query.batch.keys(query.rows[i], self_.keys, window_of(query), ledger_, numbers_);
      if (numbers_.empty()) continue;
      pairs += static_cast<double>(numbers_.size());
      most = std::max(most, static_cast<double>(numbers_.size()));
      seeing.emplace_back(static_cast<std::int64_t>(i), numbers_);
    }
    if (seeing.empty()) return;
    const auto rows = static_cast<std::uint32_t>(seeing.size());
    party_.begin_step(query.batch.step(), static_cast<std::uint32_t>(query.batch.context()));
    const Work work{Phase::attend, rows, 0, 4.0 * config_.q_width() * pairs,
                    cache_bytes(config_.kv_heads, config_.head_dim, most)};
    Message reply = party_.work(work, [&] {
      const at::Tensor parts = at::empty({static_cast<std::int64_t>(rows), width});
      auto* part = parts.data_ptr<float>();
      std::vector<const float*> k, v;
      for (const auto& [row, numbers] : seeing) {
        k.clear();
        v.clear();
        for (const auto number : numbers) {
          k.push_back(store_.key(query.layer, number));
          v.push_back(store_.value(query.layer, number));
        }
        attend<float>(shape_, terms_.form, query.values.data_ptr<float>() + row * config_.q_width(), k, v,
                      part);
        part += width;
      }
      return encode(parts, *terms_.wire);
    });
    reply.header.kind = Kind::reply;
    reply.header.step = query.batch.step();
    reply.header.context = static_cast<std::uint32_t>(query.batch.context());
    reply.header.layer = static_cast<std::uint32_t>(terms_.nodes.begin + query.layer);
    Arrival to = query.asked;
    if (terms_.sharding.aggregator) {
      to.from = terms_.sharding.merger();
      if (query.layer == 0) reply.header.parent = query.batch.parents();
    }
    party_.reply(to, std::move(reply));
  }

  Party& party_;
  const CascadeTerms& terms_;
  const ModelConfig& config_;
  Neighbours& beside_;
  HeadShape shape_;
  ShardParty self_;
  RowLedger ledger_;          // of the key shard
  std::int32_t decided_ = 0;  // of rows below it is known whether they were kept
  KeyStore store_;
  Way asking_, telling_;  // the same node's where both shards are one: then asking_
  std::list<Query> waiting_;
  std::vector<std::int32_t> numbers_;
};

}  // namespace

void serve_attn(Party& party, const CascadeTerms& terms, const ModelConfig& config,
                const CascadeOptions& options) {
  Neighbours beside(party, terms, config, options);
  beside.run([&] {
    AttnNode node(party, terms, config, beside);
    const PartyId merger = terms.sharding.merger();
    const bool merged = terms.sharding.aggregator;
    beside.serve(
        beside.all().size() - (merged ? 1 : 0), [&] { return node.awaited(); },
        [&](const Arrival& arrival) { node.take(arrival); },
        [&] {
          if (merged) beside.greet(merger);
        });
    if (const auto owed = node.awaited())
      throw Error("the session ended, and nothing came of {}", owed->second);
    if (merged) beside.leave(std::vector{merger});
  });
}

}  // namespace splitwan::engine
