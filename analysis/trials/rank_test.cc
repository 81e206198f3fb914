#include "analysis/trials/rank_test.hh"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

#include "engine/base/error.hh"

namespace splitwan::analysis {
namespace {

constexpr std::size_t most_exact = 25;  // C(50, 25) arrangements: whole numbers in a double
constexpr std::size_t most_exact_pairs = 100;

struct Ranks {
  double u = 0, ties = 0;  // ties: sum of t^3 - t over groups of t equal values
};

Ranks ranks_of(std::span<const double> a, std::span<const double> b) {
  std::vector<std::pair<double, bool>> all;  // value, is a's
  for (const double x : a) all.emplace_back(x, true);
  for (const double x : b) all.emplace_back(x, false);
  std::ranges::sort(all);
  Ranks found;
  double below = 0;  // b's values below the group
  for (std::size_t i = 0; i < all.size();) {
    double from_a = 0, from_b = 0;
    const double value = all[i].first;
    for (; i < all.size() && all[i].first == value; ++i) ++(all[i].second ? from_a : from_b);
    found.u += from_a * (below + from_b / 2);
    below += from_b;
    const double t = from_a + from_b;
    found.ties += t * t * t - t;
  }
  return found;
}

// In how many arrangements of n and m values U is 0, 1, ..: the coefficients of the Gaussian binomial
// product over i of (1 - q^(m+i)) / (1 - q^i).
std::vector<double> arrangements(std::size_t n, std::size_t m) {
  std::vector<double> count(n * m + 1);
  count[0] = 1;
  for (std::size_t i = 1; i <= n; ++i) {
    for (std::size_t u = count.size(); u-- > m + i;) count[u] -= count[u - m - i];
    for (std::size_t u = i; u < count.size(); ++u) count[u] += count[u - i];
  }
  return count;
}

double exact_p(double u, std::size_t n, std::size_t m) {
  const auto count = arrangements(n, m);
  const auto tail = static_cast<std::ptrdiff_t>(std::min(u, static_cast<double>(n * m) - u)) + 1;
  const double below = std::accumulate(count.begin(), count.begin() + tail, 0.0);
  return std::min(1.0, 2 * below / std::accumulate(count.begin(), count.end(), 0.0));
}

double normal_p(const Ranks& ranks, double n, double m) {
  const double all = n + m;
  const double variance = n * m / 12 * (all + 1 - ranks.ties / (all * (all - 1)));
  if (variance <= 0) return 1;  // all are equal
  const double z = std::max(0.0, std::abs(ranks.u - n * m / 2) - 0.5) / std::sqrt(variance);
  return 2 * cdf(complement(boost::math::normal(), z));
}

// Twice each value's rank among all of both: whole numbers, with ties, too.
std::vector<long> double_ranks(std::span<const double> values, std::vector<double> all) {
  std::ranges::sort(all);
  std::vector<long> ranks;
  for (const double v : values) {
    const auto [first, last] = std::equal_range(all.begin(), all.end(), v);
    ranks.push_back((first - all.begin()) + (last - all.begin()) + 1);
  }
  return ranks;
}

// The chance that differences whose signs are drawn by coins add up to as much as these, either way.
double exact_p_of_swaps(const std::vector<long>& differences) {
  long sum = 0, most = 0;
  for (const long d : differences) {
    sum += d;
    most += std::abs(d);
  }
  std::vector<double> chance(static_cast<std::size_t>(2 * most + 1));  // of a sum, from -most on
  chance[static_cast<std::size_t>(most)] = 1;
  for (const long d : differences) {
    std::vector<double> next(chance.size());
    const auto step = static_cast<std::size_t>(std::abs(d));
    for (std::size_t i = 0; i < chance.size(); ++i) {
      if (chance[i] == 0) continue;
      next[i + step] += chance[i] / 2;
      next[i - step] += chance[i] / 2;
    }
    chance = std::move(next);
  }
  double p = 0;
  for (std::size_t i = 0; i < chance.size(); ++i)
    if (std::abs(static_cast<long>(i) - most) >= std::abs(sum)) p += chance[i];
  return std::min(1.0, p);
}

double normal_p_of_swaps(const std::vector<long>& differences) {
  double sum = 0, squares = 0;
  for (const long d : differences) {
    sum += static_cast<double>(d);
    squares += static_cast<double>(d) * static_cast<double>(d);
  }
  if (squares == 0) return 1;
  return 2 * cdf(complement(boost::math::normal(), std::abs(sum) / std::sqrt(squares)));
}

}  // namespace

RankTest mann_whitney(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) throw engine::Error("two samples are needed to compare, one has no values");
  const Ranks ranks = ranks_of(a, b);
  if (ranks.ties == 0 && std::max(a.size(), b.size()) <= most_exact)
    return {ranks.u, exact_p(ranks.u, a.size(), b.size()), true};
  return {ranks.u, normal_p(ranks, static_cast<double>(a.size()), static_cast<double>(b.size())), false};
}

RankTest paired_mann_whitney(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size() || a.empty())
    throw engine::Error("pairs were expected, found {} and {} values", a.size(), b.size());
  std::vector<double> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  auto differences = double_ranks(a, all);
  const auto other = double_ranks(b, all);
  for (std::size_t i = 0; i < other.size(); ++i) differences[i] -= other[i];
  const bool exact = a.size() <= most_exact_pairs;
  return {ranks_of(a, b).u, exact ? exact_p_of_swaps(differences) : normal_p_of_swaps(differences), exact};
}

double least_p(std::size_t pairs) { return std::min(1.0, std::exp2(1 - static_cast<double>(pairs))); }

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return p[i]; });
  std::vector<double> corrected(p.size());
  double before = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    before = std::max(before, std::min(1.0, static_cast<double>(order.size() - k) * p[order[k]]));
    corrected[order[k]] = before;
  }
  return corrected;
}

}  // namespace splitwan::analysis
