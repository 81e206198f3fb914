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

// Merges parts so that no CompNode sees one: sees them all itself.
class Merger {
 public:
  Merger(Party& party, const CascadeTerms& terms, const ModelConfig& config, Neighbours& beside)
      : party_(party),
        terms_(terms),
        config_(config),
        beside_(beside),
        shape_(head_shape(config)),
        ways_(static_cast<std::size_t>(terms.sharding.alpha), Way{{}, {}, terms.nodes.begin}) {}

  void take(const Arrival& arrival) {
    expect(arrival.message, Kind::reply);
    const Header& h = arrival.message.header;
    const ShardParty from = terms_.sharding.party(arrival.from);
    if (from.role != ShardRole::attn) throw Error("{}: said something unasked", beside_.name(arrival.from));
    Way& way = ways_[static_cast<std::size_t>(from.queries)];
    if (way.parts.empty() && way.layer == terms_.nodes.begin)
      way.batch = BatchRows(terms_.sharding, config_.context, h, 0);
    if (!way.batch.is(h) || std::cmp_not_equal(h.layer, way.layer) ||
        !way.parts.emplace(from.keys, arrival).second)
      throw Error("{}: layer {} of step {} after {} tokens: expected layer {} of step {}, once",
                  beside_.name(arrival.from), h.layer, h.step, h.context, way.layer, way.batch.step());
    answer_if_whole(way, from.queries, arrival);
  }

  // Whose part the others of a layer wait for, and of what it is.
  Owed awaited() const {
    for (const Way& way : ways_)
      if (way.missing)
        return std::pair{*way.missing,
                         fmt::format("part of layer {} of step {}", way.layer, way.batch.step())};
    return {};
  }

 private:
  // One CompNode's rows.
  struct Way {
    BatchRows batch;
    std::map<int, Arrival> parts;  // by key shard
    int layer = 0;
    std::optional<PartyId> missing = {};  // where parts wait for its
  };

  // Every row sees itself, so that the part over the shard's own keys says how many rows there are.
  void answer_if_whole(Way& way, int shard, const Arrival& last) {
    const auto own = way.parts.find(shard);
    way.missing = terms_.sharding.attn(shard, shard);
    if (own == way.parts.end()) return;
    const RowList rows = way.batch.rows_of(shard, own->second.message.header.rows);
    for (int keys = 0; keys < terms_.sharding.alpha; ++keys) {
      const auto seeing = std::ranges::count_if(
          rows, [&](auto row) { return way.batch.sees(row, keys, config_.window(way.layer)); });
      const auto part = way.parts.find(keys);
      way.missing = terms_.sharding.attn(shard, keys);
      if (seeing > 0 && part == way.parts.end()) return;
      if (const std::uint32_t found = part == way.parts.end() ? 0 : part->second.message.header.rows;
          std::cmp_not_equal(found, seeing))
        throw Error("{}: a part of {} rows: expected {}", beside_.name(terms_.sharding.attn(shard, keys)),
                    found, seeing);
    }
    party_.begin_step(way.batch.step(), static_cast<std::uint32_t>(way.batch.context()));
    const auto count = static_cast<std::uint32_t>(rows.size());
    const double values = static_cast<double>(way.parts.size()) * count * partial_width(shape_, terms_.form);
    Message reply = party_.work(Work{Phase::attend, count, 0, 2 * values, 4 * values}, [&] {
      return encode(merged(way.batch, rows, way.parts, terms_, shape_, config_.window(way.layer), beside_),
                    *terms_.wire);
    });
    reply.header.kind = Kind::reply;
    reply.header.step = way.batch.step();
    reply.header.context = static_cast<std::uint32_t>(way.batch.context());
    reply.header.layer = static_cast<std::uint32_t>(way.layer);
    party_.reply({terms_.sharding.comp(shard), last.at, {}}, std::move(reply));
    way.parts.clear();
    way.missing.reset();
    way.layer = way.layer + 1 < terms_.nodes.end ? way.layer + 1 : terms_.nodes.begin;
  }

  Party& party_;
  const CascadeTerms& terms_;
  const ModelConfig& config_;
  Neighbours& beside_;
  HeadShape shape_;
  std::vector<Way> ways_;
};

}  // namespace

void serve_merge(Party& party, const CascadeTerms& terms, const ModelConfig& config,
                 const CascadeOptions& options) {
  Neighbours beside(party, terms, config, options);
  beside.run([&] {
    Merger merger(party, terms, config, beside);
    beside.serve(
        beside.all().size(), [&] { return merger.awaited(); },
        [&](const Arrival& arrival) { merger.take(arrival); }, [] {});
  });
}

}  // namespace splitwan::engine
