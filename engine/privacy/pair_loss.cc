#include "engine/privacy/pair_loss.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

// Both ends together lose less than this of the whole.
constexpr double thin = 1e-30;

double log_ratio(const BinomialSpec& s, double x, double y, std::uint32_t count) {
  const double p = s.chance(x), q = s.chance(y);
  return count * std::log(p / q) + (s.rounds() - count) * std::log((1 - p) / (1 - q));
}

}  // namespace

PairLoss::PairLoss(const BinomialSpec& s, std::span<const double> x, std::span<const double> y,
                   Rounded rounded, double grid)
    : grid_(grid) {
  if (x.size() != y.size()) throw Error("a pair of rows of {} and {} coordinates", x.size(), y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::vector<double> p = s.counts(x[i]);
    std::vector<std::ptrdiff_t> at(p.size());
    for (std::uint32_t k = 0; k < p.size(); ++k) {
      const double steps = log_ratio(s, x[i], y[i], k) / grid;
      at[k] = static_cast<std::ptrdiff_t>(rounded == Rounded::up ? std::ceil(steps) : std::floor(steps));
    }
    const auto [least, most] = std::ranges::minmax(at);
    std::vector<double> next(mass_.size() + static_cast<std::size_t>(most - least), 0.0);
    for (std::size_t k = 0; k < p.size(); ++k) {
      double* const to = next.data() + (at[k] - least);
      for (std::size_t j = 0; j < mass_.size(); ++j) to[j] += p[k] * mass_[j];
    }
    std::size_t begin = 0, end = next.size();
    double cut = 0;
    const double most_cut = thin / static_cast<double>(x.size());
    while (end - begin > 1 && cut + next[end - 1] < most_cut) cut += next[--end];
    lost_ += cut;
    for (double low = 0; end - begin > 1 && low + next[begin] < most_cut; ++begin)
      low += next[begin], lost_ += next[begin];
    mass_.assign(next.begin() + static_cast<std::ptrdiff_t>(begin),
                 next.begin() + static_cast<std::ptrdiff_t>(end));
    first_ += least + static_cast<std::ptrdiff_t>(begin);
  }
  if (rounded == Rounded::down) lost_ = 0;
}

double PairLoss::delta(double epsilon) const {
  double sum = lost_;
  for (std::size_t i = 0; i < mass_.size(); ++i) {
    const double loss = static_cast<double>(first_ + static_cast<std::ptrdiff_t>(i)) * grid_;
    if (loss > epsilon) sum -= mass_[i] * std::expm1(epsilon - loss);
  }
  return sum;
}

}  // namespace splitwan::engine
