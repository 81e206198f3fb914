#include "engine/privacy/accountant.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

// Below this share of the largest, counts change no digit of any delta that a double can hold.
constexpr long double least_weight = 1e-700L;

}  // namespace

Accountant::Accountant(std::uint64_t rounds, double corner)
    : rounds_(rounds), p_(corner), log_odds_(std::log(corner) - std::log1p(-corner)) {
  if (rounds < 1 || rounds > most_rounds)
    throw Error("an account of {} rounds: expected 1 to {}", rounds, most_rounds);
  const auto n = static_cast<std::int64_t>(rounds);
  const long double p = corner, odds = p / (1 - p);
  const auto mode = std::clamp<std::int64_t>(static_cast<std::int64_t>((n + 1) * p), 0, n);
  std::vector<long double> below;
  long double w = 1;
  for (std::int64_t k = mode; k > 0; --k) {
    w *= static_cast<long double>(k) / (static_cast<long double>(n - k + 1) * odds);
    if (w < least_weight) break;
    below.push_back(w);
  }
  first_ = mode - static_cast<std::int64_t>(below.size());
  weight_.assign(below.rbegin(), below.rend());
  weight_.push_back(w = 1);
  for (std::int64_t k = mode; k < n; ++k) {
    w *= static_cast<long double>(n - k) * odds / static_cast<long double>(k + 1);
    if (w < least_weight) break;
    weight_.push_back(w);
  }
  long double sum = 0;
  for (const long double one : weight_) sum += one;
  for (long double& one : weight_) one /= sum;
}

double Accountant::loss(std::int64_t count) const {
  return static_cast<double>(2 * count - static_cast<std::int64_t>(rounds_)) * log_odds_;
}

// Term by term P (1 - e^(epsilon - loss)): nothing cancels.
double Accountant::upper(std::int64_t from, double epsilon) const {
  long double sum = 0;
  const auto size = static_cast<std::int64_t>(weight_.size());
  for (std::int64_t i = size - 1; i >= std::max<std::int64_t>(0, from - first_); --i)
    sum -= weight_[i] * std::expm1(static_cast<long double>(epsilon) - loss(first_ + i));
  return static_cast<double>(sum);
}

double Accountant::delta(double epsilon) const {
  // The first count whose loss is above epsilon: from there on every term is positive.
  const double n = static_cast<double>(rounds_);
  if (log_odds_ <= 0) return epsilon < 0 ? -std::expm1(epsilon) : 0;
  const double from = std::floor((epsilon / log_odds_ + n) / 2) + 1;
  if (from > n) return 0;
  return std::max(0.0, upper(static_cast<std::int64_t>(std::max(0.0, from)), epsilon));
}

double Accountant::pure() const { return static_cast<double>(rounds_) * log_odds_; }

double Accountant::epsilon(double delta_asked) const {
  if (delta_asked <= 0) return pure();
  if (delta(0) <= delta_asked) return 0;
  // Between two counts' losses delta is linear in e^epsilon.
  const auto n = static_cast<std::int64_t>(rounds_);
  std::int64_t low = n / 2, high = n;  // loss(low) <= 0; delta(loss(high)) = 0
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (delta(std::max(0.0, loss(middle))) > delta_asked ? low : high) = middle;
  }
  const double e0 = std::max(0.0, loss(low)), e1 = loss(high), d0 = delta(e0), d1 = delta(e1);
  return e0 + std::log1p((d0 - delta_asked) / (d0 - d1) * std::expm1(e1 - e0));
}

double Accountant::renyi(double order) const {
  const double n = static_cast<double>(rounds_);
  if (order == 1) return n * (2 * p_ - 1) * log_odds_;
  // ln(p^a q^(1-a) + q^a p^(1-a)) = ln q + a ln(p/q) + ln(1 + (q/p)^(2a-1)), by the larger term.
  const double a = order, large = std::log1p(-p_) + a * log_odds_,
               both = large + std::log1p(std::exp(-(2 * a - 1) * log_odds_));
  return n * both / (a - 1);
}

double Accountant::renyi_epsilon(double delta_asked) const {
  // Canonne, Kamath and Steinke 2020 (arXiv 2004.00010), proposition 12; convex enough for a search by thirds
  // over ln(order - 1).
  const auto proves = [&](double x) {
    const double a = 1 + std::exp(x);
    return renyi(a) + std::log1p(-1 / a) - (std::log(delta_asked) + std::log(a)) / (a - 1);
  };
  double low = -12, high = 12;
  for (int i = 0; i < 200; ++i) {
    const double x = low + (high - low) / 3, y = high - (high - low) / 3;
    (proves(x) < proves(y) ? high : low) = proves(x) < proves(y) ? y : x;
  }
  return std::max(0.0, std::min(proves(low), pure()));
}

Accountant::Errors Accountant::at(std::uint64_t threshold) const {
  const auto t = static_cast<std::int64_t>(threshold), n = static_cast<std::int64_t>(rounds_);
  long double below = 0, mirrored = 0;
  for (std::size_t i = 0; i < weight_.size(); ++i) {
    const std::int64_t k = first_ + static_cast<std::int64_t>(i);
    if (k < t) below += weight_[i];
    if (n - k >= t) mirrored += weight_[i];  // Q(S = n - k) = P(S = k)
  }
  return {static_cast<double>(mirrored), static_cast<double>(below)};
}

double Accountant::beta(double alpha) const {
  std::uint64_t low = 0, high = rounds_ + 1;  // alpha falls from 1 to 0
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (at(middle).first > alpha ? low : high) = middle;
  }
  const Errors a = at(low), b = at(high);
  if (a.first <= b.first) return b.second;
  return b.second +
         (a.second - b.second) * (std::clamp(alpha, b.first, a.first) - b.first) / (a.first - b.first);
}

}  // namespace splitwan::engine
