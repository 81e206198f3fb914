#include <cmath>
#include <limits>

#include "engine/privacy/accountant.hh"

namespace splitwan::engine {
namespace {

// ln P(Z > x) of a standard normal Z.
double log_tail(double x) {
  if (x < 30)
    return static_cast<double>(std::log(std::erfc(static_cast<long double>(x) / std::sqrt(2.0L)) / 2));
  const double y = 1 / (x * x);  // asymptotic: the first term left out is 945 y^5, below 1e-11
  return -x * x / 2 - std::log(x * std::sqrt(2 * M_PI)) +
         std::log1p(y * (-1 + y * (3 + y * (-15 + y * 105))));
}

// The least x in [0, infinity) where a falling function is at most `level`.
template <typename Falling>
double least(const Falling& f, double level) {
  double high = 1;
  while (f(high) > level) {
    high *= 2;
    if (high > 1e12) return std::numeric_limits<double>::quiet_NaN();
  }
  double low = high / 2;
  if (high == 1) low = 0;
  for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
    const double middle = (low + high) / 2;
    (f(middle) > level ? low : high) = middle;
  }
  return high;
}

}  // namespace

double gaussian_delta(double mu, double epsilon) {
  const double a = log_tail(epsilon / mu - mu / 2), b = epsilon + log_tail(epsilon / mu + mu / 2);
  return b >= a ? 0 : std::exp(a) * -std::expm1(b - a);
}

double gaussian_epsilon(double mu, double delta) {
  if (gaussian_delta(mu, 0) <= delta) return 0;
  return least([&](double epsilon) { return gaussian_delta(mu, epsilon); }, delta);
}

double gaussian_mu(double epsilon, double delta) {
  return 1 /
         least([&](double sigma) { return sigma == 0 ? 1.0 : gaussian_delta(1 / sigma, epsilon); }, delta);
}

double published_gamma(std::uint64_t rounds, double r) {
  return 0.56 * (1 + r * r) / (std::sqrt(1 - r * r) * std::sqrt(static_cast<double>(rounds)));
}

double published_epsilon(double mu, double gamma, double delta) {
  // gaussian_delta falls and (1 + e^epsilon) gamma grows: looked for on a grid up to where the latter alone
  // is too much.
  if (2 * gamma > delta) return std::numeric_limits<double>::quiet_NaN();
  const double most = std::log(delta / gamma - 1);
  constexpr int points = 10000;
  for (int i = 0; i <= points; ++i) {
    const double epsilon = most * i / points;
    if (gaussian_delta(mu, epsilon) + (1 + std::exp(epsilon)) * gamma <= delta) return epsilon;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace splitwan::engine
