#include <ATen/ATen.h>

#include <map>
#include <utility>

#include "engine/base/error.hh"
#include "engine/split/cascade/merged.hh"
#include "engine/split/cascade/neighbours.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

using namespace cascade;

// The rows of one shard, through every layer.
class CompNode {
 public:
  CompNode(Party& party, const CascadeTerms& terms, const TokenLayers& layers, Neighbours& beside)
      : party_(party),
        terms_(terms),
        layers_(layers),
        config_(layers.config()),
        beside_(beside),
        rotary_(config_, beside.length()),
        shard_(terms.sharding.party(party.self()).queries),
        ledger_(terms.sharding, config_.context),
        told_(static_cast<std::size_t>(terms.sharding.alpha)) {}

  Message answer(const Arrival& request) {
    const Header& h = request.message.header;
    const std::int32_t first = ledger_.read(h);
    batch_ = BatchRows(terms_.sharding, config_.context, h, first);
    rows_ = batch_.rows_of(shard_, h.rows);
    first_ = first;
    party_.begin_step(h.step, h.context);
    std::vector<std::int32_t> positions;
    for (const auto row : rows_) positions.push_back(batch_.position(row));
    const int begin = layers_.range().begin, end = layers_.range().end;
    at::Tensor x;
    for (int layer = begin; layer <= end; ++layer) {
      Message reply;
      party_.work(layers_.work(layer, h.rows), [&] {
        if (layer == begin) x = beside_.rows(request, config_.width);
        if (layer > begin) layers_.after(layer - 1, x, mixed_rows(layer - 1));
        if (layer < end)
          encode_for(layers_.before(layer, x, rotary_, positions));
        else
          reply = encode(x, *terms_.wire);
        return 0;
      });
      if (layer == end) return reply;
      send(layer);
      receive(layer);
    }
    throw Error("a node without layers");
  }

 private:
  // What this layer says to whom: queries, keys and values, and all three to the node that needs them.
  void encode_for(const at::Tensor& qkv) {
    const int q = config_.q_width(), kv = config_.kv_width();
    queries_ = encode(qkv.narrow(1, 0, q).contiguous(), *terms_.wire);
    keys_ = encode(qkv.narrow(1, q, 2 * kv).contiguous(), *terms_.wire);
    both_ = encode(qkv, *terms_.wire);
  }

  void send(int layer) {
    asked_ = party_.now();
    const Sharding& s = terms_.sharding;
    for (int keys = 0; keys < s.alpha; ++keys) {
      RowList list;
      if (int& told = told_[static_cast<std::size_t>(keys)]; layer == layers_.range().begin)
        list = ledger_.tell(first_, std::exchange(told, ledger_.size()), keys);
      send(s.attn(shard_, keys), layer, keys == shard_ ? both_ : queries_, std::move(list));
    }
    for (int queries = 0; queries < s.alpha; ++queries) {
      if (queries == shard_) continue;
      RowList list;
      if (layer == layers_.range().begin) list = ledger_.tell(first_, ledger_.size(), shard_);
      send(s.attn(queries, shard_), layer, keys_, std::move(list));
    }
  }

  void send(PartyId to, int layer, Message m, RowList keep) {
    m.header.kind = Kind::request;
    m.header.step = batch_.step();
    m.header.context = static_cast<std::uint32_t>(batch_.context());
    m.header.layer = static_cast<std::uint32_t>(layer);
    m.header.keep = std::move(keep);
    if (layer == layers_.range().begin) m.header.parent = batch_.parents();
    party_.send(to, std::move(m));
  }

  // A part that does not come is an error: what is there is never taken for the whole.
  void receive(int layer) {
    const Sharding& s = terms_.sharding;
    parts_.clear();
    if (s.aggregator) {
      parts_.emplace(shard_, part(s.merger(), layer, rows_.size()));
      return;
    }
    for (int keys = 0; keys < s.alpha; ++keys) {
      const auto seeing = std::ranges::count_if(
          rows_, [&](std::int32_t row) { return batch_.sees(row, keys, config_.window(layer)); });
      if (seeing > 0)
        parts_.emplace(keys, part(s.attn(shard_, keys), layer, static_cast<std::size_t>(seeing)));
    }
  }

  Arrival part(PartyId from, int layer, std::size_t rows) {
    Arrival arrival = beside_.next(from, fmt::format("part of layer {} of step {}", layer, batch_.step()));
    const Header& h = arrival.message.header;
    expect(arrival.message, Kind::reply);
    if (!batch_.is(h) || std::cmp_not_equal(h.layer, layer) || h.rows != rows)
      throw Error(
          "{}: {} rows of layer {} of step {} after {} tokens: expected {} of layer {} of step {} after {}",
          beside_.name(from), h.rows, h.layer, h.step, h.context, rows, layer, batch_.step(),
          batch_.context());
    beside_.check_claims(arrival, asked_);
    return arrival;
  }

  at::Tensor mixed_rows(int layer) {
    if (terms_.sharding.aggregator) return beside_.rows(parts_.at(shard_), config_.q_width());
    return merged(batch_, rows_, parts_, terms_, head_shape(config_), config_.window(layer), beside_);
  }

  Party& party_;
  const CascadeTerms& terms_;
  const TokenLayers& layers_;
  const ModelConfig& config_;
  Neighbours& beside_;
  Rotary rotary_;
  int shard_;
  RowLedger ledger_;
  std::vector<int> told_;  // by key shard: positions that its node beside us was told of
  BatchRows batch_;
  std::int32_t first_ = 0;
  RowList rows_;  // of the batch, ours
  Message queries_, keys_, both_;
  Nanos asked_{};                 // when this layer's parts were
  std::map<int, Arrival> parts_;  // by key shard; of an aggregator: the whole, at ours
};

}  // namespace

void serve_comp(Party& party, const CascadeTerms& terms, const TokenLayers& layers,
                const CascadeOptions& options) {
  Neighbours beside(party, terms, layers.config(), options);
  beside.run([&] {
    std::vector<PartyId> nodes = beside.all();
    std::erase(nodes, PartyId{0});
    const PartyId client = 0;
    Arrival arrival = beside.next(client, "greeting");
    beside.check_greeting(arrival.message);
    for (const PartyId node : nodes) beside.greet(node);
    CompNode node(party, terms, layers, beside);
    while (true) {
      arrival = beside.next_request(client);
      if (arrival.message.header.kind == Kind::bye) return beside.leave(nodes);
      expect(arrival.message, Kind::request);
      Message reply = node.answer(arrival);
      reply.header.kind = Kind::reply;
      reply.header.step = arrival.message.header.step;
      reply.header.context = arrival.message.header.context;
      party.reply(arrival, std::move(reply));
    }
  });
}

}  // namespace splitwan::engine
