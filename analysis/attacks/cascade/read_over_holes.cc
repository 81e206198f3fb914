#include <ATen/ATen.h>

#include <algorithm>

#include "analysis/attacks/cascade/look_up.hh"
#include "analysis/attacks/cascade/reading.hh"

namespace splitwan::attacks {

using at::Tensor;

namespace {

// Rows of one kind that candidates would show at the last of their positions: [n, columns].
Tensor last_rows(const Pieces& pieces, int layer, RowKind kind, const Tensor& hidden, int position) {
  Tensor last = hidden.select(1, hidden.size(1) - 1);
  if (kind == RowKind::hidden) return last;
  return flat(rows_of(pieces, layer, last, at::full({last.size(0)}, position, at::kFloat)), kind);
}

}  // namespace

std::string_view name_of(Own own) {
  static constexpr std::string_view names[] = {"known", "looked up", "unknown"};
  return names[static_cast<std::size_t>(own)];
}

Reading read_over_holes(const Pieces& pieces, const Shown& shown, RowKind kind, const Positions& visible,
                        Own own, const SearchLimits& limits, const Stop& stop, const RowTable* table) {
  HoleSearch search(pieces, limits.layer, shown.ids.front());
  search.accept(shown.ids.subspan(1, static_cast<std::size_t>(shown.known - 1)));
  const Tensor seen = flat(shown.rows, kind);
  Reading out;
  out.tokens.assign(shown.ids.begin(), shown.ids.begin() + shown.known);
  out.searched.resize(out.tokens.size());
  for (const int position : visible) {
    const int first = static_cast<int>(out.tokens.size());
    if (position < first) continue;
    std::vector<Step> steps(static_cast<std::size_t>(position - first + 1));
    if (own == Own::known) steps.back() = {shown.ids[static_cast<std::size_t>(position)]};
    if (own == Own::looked_up)
      steps.back() = table->few(kind, seen.narrow(0, position, 1), position, looked_up_few);
    std::vector<Token> tokens;
    if (steps.size() == 1 && own == Own::known) {
      tokens = steps.front();
    } else {
      const Tensor row = seen.narrow(0, position, 1);
      const Judge judge = [&](const Tensor& hidden) {
        return relative_distance(last_rows(pieces, limits.layer, kind, hidden, position), row);
      };
      tokens = searched(search, steps, judge, limits, stop, out);
    }
    search.accept(tokens);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      out.tokens.push_back(tokens[i]);
      out.searched.push_back(steps[i].size() != 1);
    }
  }
  return out;
}

std::vector<Token> searched(HoleSearch& search, std::span<const Step> steps, const Judge& judge,
                            const SearchLimits& limits, const Stop& stop, Reading& tally) {
  Bridge bridge = search.bridge(steps, judge, limits.tolerance, limits.budget, stop);
  if (!bridge.found && limits.sweeps > 0)
    bridge = search.improve(std::move(bridge), steps, judge, limits.tolerance, limits.sweeps, stop);
  ++tally.searches;
  tally.found += bridge.found;
  tally.passes += bridge.passes;
  return bridge.tokens;
}

double tolerance_of(const Pieces& pieces, RowKind kind, int layer,
                    std::span<const std::vector<Token>> texts) {
  double furthest = 0;
  for (const auto& ids : texts) {
    const LayerRows theirs = shown(pieces, layer, ids);
    HoleSearch mine(pieces, layer, ids.front());
    mine.accept(std::span(ids).subspan(1));
    const auto n = static_cast<std::int64_t>(ids.size());
    const LayerRows own = rows_of(pieces, layer, mine.hidden(), positions_from(0, n));
    Tensor distances;
    if (kind == RowKind::partial) {
      const LayerRows& a = own;
      std::vector<Tensor> each;
      for (std::int64_t i = 0; i < n; ++i)
        each.push_back(relative_distance(
            told(partial_result(a.scoring, a.query[i], a.key.narrow(0, 0, i + 1),
                                a.value.narrow(0, 0, i + 1))),
            told(partial_result(theirs.scoring, theirs.query[i], theirs.key.narrow(0, 0, i + 1),
                                theirs.value.narrow(0, 0, i + 1)))));
      distances = at::cat(each);
    } else {
      distances = relative_distance(flat(own, kind), flat(theirs, kind));
    }
    furthest = std::max(furthest, distances.max().item<double>());
  }
  return 2 * furthest;
}

Figures marked(const std::vector<Reading>& readings, std::span<const std::vector<Token>> truth,
               const std::function<bool(int position)>& which, std::uint64_t seed) {
  std::vector<Truth> asked;
  std::vector<Recovered> answers;
  for (std::size_t d = 0; d < readings.size(); ++d) {
    Truth t;
    Recovered r;
    for (std::size_t i = 0; i < readings[d].tokens.size(); ++i) {
      if (!readings[d].searched[i] || !which(static_cast<int>(i))) continue;
      t.tokens.push_back(truth[d][i]);
      r.tokens.push_back({readings[d].tokens[i]});
    }
    t.digit.resize(t.tokens.size());
    t.name = t.rare = t.digit;
    asked.push_back(std::move(t));
    answers.push_back(std::move(r));
  }
  return measure(asked, answers, seed);
}

}  // namespace splitwan::attacks
