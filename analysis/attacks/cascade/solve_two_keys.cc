#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "analysis/attacks/cascade/look_up.hh"

namespace splitwan::attacks {

using at::Tensor;

namespace {

// u = weight of the first * v1 + weight of the second * v2: one of the weights is 1, the other `lesser`.
struct Equation {
  Tensor u;  // [head_dim]
  double lesser = 0;
};

struct Guess {
  std::array<Token, 2> tokens{};
  double distance = std::numeric_limits<double>::infinity();
};

// Both rows of `table` ([vocabulary, head_dim]) from two equations. The first one's greater weight is the
// first row's by definition; the second one's may be either's.
Guess solve(const Equation& a, const Equation& b, const Tensor& table) {
  Guess best;
  for (const bool same : {true, false}) {
    const double b1 = same ? 1 : b.lesser, b2 = same ? b.lesser : 1, determinant = b2 - a.lesser * b1;
    if (std::abs(determinant) < 1e-4) continue;
    const Tensor rows =
        at::stack({(a.u * b2 - b.u * a.lesser) / determinant, (b.u - a.u * b1) / determinant});
    const auto [distances, tokens] = at::cdist(rows, table, 2, /*compute_mode: exact*/ 2).min(1);
    const double distance = (distances / rows.norm(2, 1).clamp_min(1e-30)).sum().item<double>();
    if (distance < best.distance)
      best = {{static_cast<Token>(tokens[0].item<std::int64_t>()),
               static_cast<Token>(tokens[1].item<std::int64_t>())},
              distance};
  }
  return best;
}

}  // namespace

std::optional<std::array<Token, 2>> solve_two_keys(const RowTable& table,
                                                   std::span<const PartialResult> results,
                                                   std::span<const Tensor> queries, const Positions& keys) {
  const auto kv_heads = table.values().size(1);
  Guess best;
  for (std::int64_t kv = 0; kv < kv_heads; ++kv) {
    std::vector<Equation> equations;
    for (const PartialResult& r : results) {
      const auto group = r.e.size(0) / kv_heads;
      for (std::int64_t h = kv * group; h < (kv + 1) * group; ++h)
        equations.push_back({r.u[h], r.e[h].item<double>() - 1});
    }
    const Tensor rows = table.values().select(1, kv).contiguous();
    for (std::size_t i = 0; i < equations.size(); ++i)
      for (std::size_t j = i + 1; j < equations.size(); ++j)
        if (const Guess g = solve(equations[i], equations[j], rows); g.distance < best.distance) best = g;
  }
  if (!std::isfinite(best.distance)) return {};
  // Which is which: scores depend on the order, as keys are turned by their positions.
  const Tensor positions = at::tensor(std::vector<float>(keys.begin(), keys.end()));
  std::array<double, 2> off{};
  for (const std::size_t turn : {0u, 1u}) {
    const std::array<Token, 2> order{best.tokens[turn], best.tokens[1 - turn]};
    const LayerRows rows = table.rows(order, positions);
    for (std::size_t i = 0; i < results.size(); ++i)
      off[turn] += relative_distance(told(partial_result(rows.scoring, queries[i], rows.key, rows.value)),
                                     told(results[i]))
                       .item<double>();
  }
  if (off[1] < off[0]) std::swap(best.tokens[0], best.tokens[1]);
  return best.tokens;
}

}  // namespace splitwan::attacks
