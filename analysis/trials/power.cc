#include "analysis/trials/power.hh"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>

#include "analysis/trials/rank_test.hh"
#include "engine/base/order_statistics.hh"

namespace splitwan::analysis {
namespace {

double both_quantiles(const TestSize& size) {
  const boost::math::normal normal;
  return quantile(complement(normal, size.alpha / 2)) + quantile(normal, size.power);
}

// Differences of every two values, sorted.
std::vector<double> differences(std::span<const double> scatter) {
  std::vector<double> found;
  for (std::size_t i = 0; i < scatter.size(); ++i)
    for (std::size_t j = 0; j < scatter.size(); ++j)
      if (i != j) found.push_back(scatter[i] - scatter[j]);
  std::ranges::sort(found);
  return found;
}

// The chance that a value is larger than another one once `shift` is added to it.
double chance_of(const std::vector<double>& sorted, double shift) {
  const auto [equal, above] = std::ranges::equal_range(sorted, shift);
  const double below = static_cast<double>(equal - sorted.begin());
  return (below + static_cast<double>(above - equal) / 2) / static_cast<double>(sorted.size());
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
  const double chance = 0.5 + both_quantiles(size) / std::sqrt(6 * static_cast<double>(each));
  if (chance >= 1 || least_p(each) > size.alpha || scatter.size() < 2)
    return std::numeric_limits<double>::infinity();
  return std::expm1(std::max(0.0, engine::quantile(differences(scatter), chance)));
}

std::optional<std::size_t> repetitions_for(std::span<const double> scatter, double effect,
                                           const TestSize& size) {
  if (scatter.size() < 2) return std::nullopt;
  const double beyond = chance_of(differences(scatter), std::log1p(effect)) - 0.5;
  if (beyond <= 0) return std::nullopt;
  const double wanted = std::ceil(std::pow(both_quantiles(size) / beyond, 2) / 6);
  if (wanted > most_repetitions) return std::nullopt;
  auto each = std::max<std::size_t>(4, static_cast<std::size_t>(wanted));
  while (least_p(each) > size.alpha) ++each;
  return each;
}

}  // namespace splitwan::analysis
