#include <ATen/ATen.h>

#include <algorithm>

#include "analysis/attacks/cascade/partial_result.hh"
#include "analysis/attacks/cascade/reading.hh"

namespace splitwan::attacks {

using at::Tensor;

namespace {

// One text, read from partial results.
class PartialReader {
 public:
  PartialReader(const Pieces& pieces, const Shown& shown, const engine::Sharding& sharding,
                const SearchLimits& limits, const Stop& stop)
      : pieces_(pieces),
        shown_(shown),
        sharding_(sharding),
        limits_(limits),
        stop_(stop),
        search_(pieces, limits.layer, shown.ids.front()) {
    search_.accept(shown.ids.subspan(1, static_cast<std::size_t>(shown.known - 1)));
    out_.tokens.assign(shown.ids.begin(), shown.ids.begin() + shown.known);
    out_.searched.resize(out_.tokens.size());
  }

  int next() const { return static_cast<int>(out_.tokens.size()); }
  bool more() const { return next() < static_cast<int>(shown_.ids.size()); }
  Reading done() { return std::move(out_); }

  void know() { take({shown_.ids[static_cast<std::size_t>(next())]}, false); }
  // The next token, by its own hidden row.
  void by_row() {
    const Tensor row = shown_.rows.hidden.narrow(0, next(), 1);
    search(1, [&](const Tensor& hidden) { return relative_distance(hidden.select(1, 0), row); });
  }
  // The next `count` tokens, by the partial result of `query` over the shard that they are of. The query is
  // the candidate's own where nobody showed it.
  void by_partial(int count, int query, bool query_shown) {
    const int shard = sharding_.shard_of(next());
    const Tensor behind = rows_in(shard, query + 1), before = rows_in(shard, next());
    const Tensor seen = told(partial_result(shown_.rows.scoring, shown_.rows.query[query],
                                            shown_.rows.key.index_select(0, behind),
                                            shown_.rows.value.index_select(0, behind)));
    const LayerRows known =
        rows_of(pieces_, limits_.layer, search_.hidden().index_select(0, before), before.to(at::kFloat));
    const Tensor positions = positions_from(next(), count);
    search(count, [&](const Tensor& hidden) {
      const auto n = hidden.size(0);
      const LayerRows mine = rows_of(pieces_, limits_.layer, hidden.flatten(0, 1), positions.repeat({n}));
      const auto of_candidates = [&](const Tensor& x) { return x.view({n, count, x.size(1), x.size(2)}); };
      return relative_distance(
          told(CandidateRows{mine.scoring, query_shown ? shown_.rows.query.narrow(0, query, 1) : mine.query,
                             known.key, known.value, of_candidates(mine.key), of_candidates(mine.value)}),
          seen);
    });
  }

 private:
  Tensor rows_in(int shard, int before) const {
    const Positions at = positions_of(sharding_, {shard}, before);
    return at::tensor(std::vector<std::int64_t>(at.begin(), at.end()), at::kLong);
  }
  void search(int count, const Judge& judge) {
    const std::vector<Step> steps(static_cast<std::size_t>(count));
    take(searched(search_, steps, judge, limits_, stop_, out_), true);
  }
  void take(const std::vector<Token>& tokens, bool searched) {
    search_.accept(tokens);
    out_.tokens.insert(out_.tokens.end(), tokens.begin(), tokens.end());
    out_.searched.resize(out_.tokens.size(), searched);
  }

  const Pieces& pieces_;
  const Shown& shown_;
  const engine::Sharding& sharding_;
  const SearchLimits& limits_;
  const Stop& stop_;
  HoleSearch search_;
  Reading out_;
};

}  // namespace

Reading read_partials_at_comp(const Pieces& pieces, const Shown& shown, const engine::Sharding& sharding,
                              int shard, bool own_known, const SearchLimits& limits, const Stop& stop) {
  PartialReader reader(pieces, shown, sharding, limits, stop);
  const int tokens = static_cast<int>(shown.ids.size());
  while (reader.more()) {
    const int at = reader.next();
    if (sharding.shard_of(at) == shard) {
      own_known ? reader.know() : reader.by_row();
      continue;
    }
    const int end = (at / sharding.cluster + 1) * sharding.cluster;
    int query = end;
    while (query < tokens && sharding.shard_of(query) != shard) ++query;
    if (query >= tokens) break;  // nothing of its own behind them: nothing was seen of them
    reader.by_partial(end - at, query, /*query_shown=*/true);
  }
  return reader.done();
}

Reading read_partials_at_merger(const Pieces& pieces, const Shown& shown, const engine::Sharding& sharding,
                                const SearchLimits& limits, const Stop& stop) {
  PartialReader reader(pieces, shown, sharding, limits, stop);
  while (reader.more()) reader.by_partial(1, reader.next(), /*query_shown=*/false);
  return reader.done();
}

}  // namespace splitwan::attacks
