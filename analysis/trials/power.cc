#include "analysis/trials/power.hh"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>

#include "analysis/trials/location.hh"
#include "analysis/trials/rank_test.hh"

namespace splitwan::analysis {
namespace {

struct Chance {
  double beyond = 0;  // P - 1/2
  double spread = 0;  // of its estimate from n pairs, times sqrt(n)
};

// The share of `sorted` below a value, equal ones half; `left_out`, one of them, is not counted.
double share_below(const std::vector<double>& sorted, double value, double left_out) {
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
  double below = static_cast<double>(first - sorted.begin()) + static_cast<double>(last - first) / 2;
  below -= left_out < value ? 1 : left_out == value ? 0.5 : 0;
  return below / static_cast<double>(sorted.size() - 1);
}

Chance chance_of(const Scatter& scatter, double shift) {
  std::vector<double> x = scatter.ours;
  const std::vector<double>& y = scatter.theirs;
  for (double& v : x) v += shift;
  std::vector<double> sorted_x = x, sorted_y = y;
  std::ranges::sort(sorted_x);
  std::ranges::sort(sorted_y);
  const double n = static_cast<double>(x.size());
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {  // half the difference of a pair's ranks, as shares
    const double difference = (share_below(sorted_y, x[i], y[i]) + share_below(sorted_x, x[i], x[i]) -
                               share_below(sorted_x, y[i], x[i]) - share_below(sorted_y, y[i], y[i])) /
                              2;
    sum += difference;
    squares += difference * difference;
  }
  const double mean = sum / n;
  // n - 1: the centre was found from these same values, which are closer to it than to the true one.
  return {mean, std::sqrt(std::max(0.0, (squares - n * mean * mean) / (n - 1)))};
}

// Swaps of n pairs are significant where the mean rank difference is above z_alpha s / sqrt(n - z_alpha^2): s
// itself is counted from them.
bool seen_by(double pairs, const Chance& chance, const TestSize& size) {
  const boost::math::normal normal;
  const double z = quantile(complement(normal, size.alpha / 2));
  if (pairs <= z * z) return false;
  return chance.beyond > 0 &&
         chance.beyond >=
             chance.spread * (z / std::sqrt(pairs - z * z) + quantile(normal, size.power) / std::sqrt(pairs));
}

}  // namespace

Scatter scatter_of(std::span<const double> ours, std::span<const double> theirs) {
  const double between = std::log(ratio_of(ours, theirs));
  Scatter found;
  for (const double v : ours) found.ours.push_back(std::log(v) - between);
  for (const double v : theirs) found.theirs.push_back(std::log(v));
  return found;
}

double smallest_effect(const Scatter& scatter, std::size_t pairs, const TestSize& size) {
  constexpr double none = std::numeric_limits<double>::infinity();
  if (least_p(pairs) > size.alpha || scatter.ours.size() < 2) return none;
  const auto seen = [&](double shift) {
    return seen_by(static_cast<double>(pairs), chance_of(scatter, shift), size);
  };
  double low = 0, high = std::max(std::ranges::max(scatter.theirs) - std::ranges::min(scatter.ours),
                                  std::ranges::max(scatter.ours) - std::ranges::min(scatter.theirs)) +
                         1e-9;
  if (!seen(high)) return none;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (seen(middle) ? high : low) = middle;
  }
  return std::expm1(high);
}

std::optional<std::size_t> repetitions_for(const Scatter& scatter, double effect, const TestSize& size) {
  if (scatter.ours.size() < 2) return std::nullopt;
  const Chance chance = chance_of(scatter, std::log1p(effect));
  if (!seen_by(most_repetitions, chance, size)) return std::nullopt;
  std::size_t low = 1, high = most_repetitions;  // too few, enough
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (seen_by(static_cast<double>(middle), chance, size) ? high : low) = middle;
  }
  while (least_p(high) > size.alpha) ++high;
  return high;
}

}  // namespace splitwan::analysis
