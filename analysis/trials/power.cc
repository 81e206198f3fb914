#include "analysis/trials/power.hh"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>

#include "analysis/trials/rank_test.hh"
#include "engine/base/order_statistics.hh"

namespace splitwan::analysis {
namespace {

struct Chance {
  double larger = 0.5;       // that a value is larger than another one once the effect is added to it
  double scatter = 1.0 / 6;  // n times the variance of its estimate from n values each; 1/6 without an effect
};

Chance chance_of(const std::vector<double>& sorted, double shift) {
  const double n = static_cast<double>(sorted.size());
  double sum = 0, above = 0, below = 0;
  for (const double v : sorted) {
    const auto others = [&](double limit, double itself) {  // below it; equal ones half; not the value itself
      const auto [first, last] = std::ranges::equal_range(sorted, limit);
      return (static_cast<double>(first - sorted.begin()) + static_cast<double>(last - first) / 2 - itself) /
             (n - 1);
    };
    const double wins = others(v + shift, shift > 0 ? 1 : 0.5),
                 loses = others(v - shift, shift > 0 ? 0 : 0.5);
    sum += wins;
    above += wins * wins;
    below += (1 - loses) * (1 - loses);
  }
  const double mean = sum / n;
  return {mean, std::max(0.0, above / n - mean * mean) + std::max(0.0, below / n - mean * mean)};
}

// Values on each side that see an effect with this chance.
double wanted(const Chance& chance, const TestSize& size) {
  const boost::math::normal normal;
  const double z = quantile(complement(normal, size.alpha / 2)) * std::sqrt(1.0 / 6) +
                   quantile(normal, size.power) * std::sqrt(chance.scatter);
  const double beyond = chance.larger - 0.5;
  return beyond > 0 ? std::pow(z / beyond, 2) : std::numeric_limits<double>::infinity();
}

void add_centred(std::vector<double>& to, std::span<const double> values) {
  std::vector<double> logs;
  for (const double v : values) logs.push_back(std::log(v));
  const double middle = engine::median(logs), n = static_cast<double>(logs.size());
  // The middle is of these same values, which are closer to it than to the true one.
  const double wider = std::sqrt(n / std::max(1.0, n - 1));
  for (const double v : logs) to.push_back((v - middle) * wider);
}

}  // namespace

std::vector<double> scatter_of(std::span<const double> ours, std::span<const double> theirs) {
  std::vector<double> found;
  add_centred(found, ours);
  add_centred(found, theirs);
  return found;
}

double smallest_effect(std::span<const double> scatter, std::size_t each, const TestSize& size) {
  constexpr double none = std::numeric_limits<double>::infinity();
  if (least_p(each) > size.alpha || scatter.size() < 2) return none;
  std::vector<double> sorted(scatter.begin(), scatter.end());
  std::ranges::sort(sorted);
  const auto seen = [&](double shift) {
    return wanted(chance_of(sorted, shift), size) <= static_cast<double>(each);
  };
  double low = 0, high = sorted.back() - sorted.front() + 1e-9;
  if (!seen(high)) return none;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (seen(middle) ? high : low) = middle;
  }
  return std::expm1(high);
}

std::optional<std::size_t> repetitions_for(std::span<const double> scatter, double effect,
                                           const TestSize& size) {
  if (scatter.size() < 2) return std::nullopt;
  std::vector<double> sorted(scatter.begin(), scatter.end());
  std::ranges::sort(sorted);
  const double count = std::ceil(wanted(chance_of(sorted, std::log1p(effect)), size));
  if (!(count <= most_repetitions)) return std::nullopt;
  auto each = std::max<std::size_t>(2, static_cast<std::size_t>(count));
  while (least_p(each) > size.alpha) ++each;
  return each;
}

}  // namespace splitwan::analysis
