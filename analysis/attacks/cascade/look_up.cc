#include "analysis/attacks/cascade/look_up.hh"

#include <ATen/ATen.h>

#include <limits>
#include <numeric>

namespace splitwan::attacks {

using at::Tensor;

namespace {

std::vector<Token> whole_vocabulary(const Pieces& pieces) {
  std::vector<Token> all(static_cast<std::size_t>(pieces.config().vocabulary));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

constexpr std::int64_t exact = 2;  // cdist's mode without products, whose cancellation hides small distances

RowTable::Nearest nearest(const Tensor& table, const Tensor& row) {
  const Tensor distances = at::cdist(row, table, 2, exact)[0];
  const auto best = distances.argmin().item<std::int64_t>();
  return {static_cast<Token>(best),
          distances[best].item<double>() / std::max(row.norm().item<double>(), 1e-30)};
}

Tensor indexes(const Positions& p) {
  return at::tensor(std::vector<std::int64_t>(p.begin(), p.end()), at::kLong);
}

}  // namespace

RowTable::RowTable(const Pieces& pieces, int layer, Token first) : pieces_(pieces), layer_(layer) {
  const std::vector<Token> all = whole_vocabulary(pieces);
  Session session(pieces, layer);
  session.begin(chain(1));
  session.through(pieces.embed(std::span(&first, 1)), 0, layer);
  session.commit_all();
  session.begin(leaves(all.size()));
  hidden_ = session.through(pieces.embed(all), 0, layer).clone();
  values_ = rows_of(pieces, layer, hidden_, at::ones({hidden_.size(0)}, at::kFloat)).value.contiguous();
}

Tensor RowTable::at_position(RowKind kind, int position) const {
  if (kind == RowKind::hidden) return hidden_;
  return flat(rows_of(pieces_, layer_, hidden_, at::full({hidden_.size(0)}, position, at::kFloat)), kind);
}

RowTable::Nearest RowTable::look_up(RowKind kind, const Tensor& row, int position) const {
  return nearest(at_position(kind, position), row);
}

std::vector<Token> RowTable::few(RowKind kind, const Tensor& row, int position, int count) const {
  const Tensor best = std::get<1>(at::cdist(row, at_position(kind, position), 2, exact)[0].topk(
      count, 0, /*largest=*/false, /*sorted=*/true));
  std::vector<Token> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) out.push_back(static_cast<Token>(best[i].item<std::int64_t>()));
  return out;
}

RowTable::Nearest RowTable::look_up_value(const Tensor& value) const {
  return nearest(values_.flatten(1), value.flatten().unsqueeze(0));
}

LayerRows RowTable::rows(std::span<const Token> tokens, const Tensor& positions) const {
  const std::vector<std::int64_t> which(tokens.begin(), tokens.end());
  return rows_of(pieces_, layer_, hidden_.index_select(0, at::tensor(which, at::kLong)), positions);
}

Tensor value_of(const PartialResult& p, int kv_heads) {
  const Tensor v = p.u / p.e.unsqueeze(1);
  return v.view({kv_heads, -1, v.size(1)}).select(1, 0);
}

Exposed read_few_keys(const RowTable& table, const LayerRows& shown, const engine::Sharding& sharding,
                      int tokens, int owner) {
  Exposed out;
  const auto result_of = [&](const Partial& p) {
    const Tensor keys = indexes(p.keys);
    return partial_result(shown.scoring, shown.query[p.query], shown.key.index_select(0, keys),
                          shown.value.index_select(0, keys));
  };
  std::map<Positions, std::vector<Partial>> pairs;
  for (const Partial& p : partials_of(sharding, tokens).few) {
    if (owner >= 0 && sharding.shard_of(p.query) != owner) continue;
    if (p.keys.size() == 1) {
      out.one_key[p.keys.front()] =
          table.look_up_value(value_of(result_of(p), static_cast<int>(shown.value.size(1)))).token;
    } else {
      pairs[p.keys].push_back(p);
    }
  }
  for (const auto& [keys, partials] : pairs) {
    if (owner < 0) break;  // which of the two is which needs the query, which the aggregator is not shown
    std::vector<PartialResult> results;
    std::vector<Tensor> queries;
    for (const Partial& p : partials) {
      results.push_back(result_of(p));
      queries.push_back(shown.query[p.query]);
    }
    if (const auto solved = solve_two_keys(table, results, queries, keys))
      out.two_keys[keys[0]] = (*solved)[0], out.two_keys[keys[1]] = (*solved)[1];
  }
  return out;
}

}  // namespace splitwan::attacks
