#include "analysis/trials/location.hh"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"

namespace splitwan::analysis {
namespace {

std::vector<double> logs(std::span<const double> values) {
  std::vector<double> found;
  for (const double v : values) {
    if (!(v > 0) || !std::isfinite(v)) throw engine::Error("a sample above 0 was expected, found {}", v);
    found.push_back(std::log(v));
  }
  return found;
}

// How many differences of two sorted lists are at most d.
std::size_t differences_up_to(const std::vector<double>& a, const std::vector<double>& b, double d) {
  std::size_t count = 0, from = 0;  // b[from] is the first with a_i - b <= d
  for (const double x : a) {
    while (from < b.size() && x - b[from] > d) ++from;
    count += b.size() - from;
  }
  return count;
}

// The k-th smallest difference (k from 1) of two sorted lists, by halving: n^2 of them are never made.
double difference_at(const std::vector<double>& a, const std::vector<double>& b, std::size_t k) {
  double low = a.front() - b.back(), high = a.back() - b.front();
  if (differences_up_to(a, b, low) >= k) return low;
  for (int i = 0; i < 60 && high - low > 1e-11; ++i) {
    const double middle = low + (high - low) / 2;
    (differences_up_to(a, b, middle) >= k ? high : low) = middle;
  }
  return high;
}

double median_difference(std::vector<double> a, std::vector<double> b) {
  std::ranges::sort(a);
  std::ranges::sort(b);
  const std::size_t n = a.size() * b.size();
  const double upper = difference_at(a, b, n / 2 + 1);
  return n % 2 ? upper : (upper + difference_at(a, b, n / 2)) / 2;
}

// The share of draws to cut off at each end. Draws of n values scatter a little less than what they were
// drawn of: Hesterberg (2015), Am. Stat. 69, 371, "expanded percentile".
double cut_of(double level, std::size_t pairs) {
  const double n = std::max(2.0, static_cast<double>(pairs));
  const double t = quantile(complement(boost::math::students_t(n - 1), (1 - level) / 2));
  return cdf(complement(boost::math::normal(), t * std::sqrt(n / (n - 1))));
}

}  // namespace

double ratio_of(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) throw engine::Error("two samples are needed for a ratio, one has no values");
  return std::exp(median_difference(logs(a), logs(b)));
}

std::size_t block_of(std::size_t pairs) {
  return static_cast<std::size_t>(std::cbrt(static_cast<double>(pairs)) + 1e-9);
}

RatioInterval ratio_interval(std::span<const double> a, std::span<const double> b, double level,
                             std::uint64_t seed, std::size_t draws) {
  if (a.size() != b.size() || a.empty())
    throw engine::Error("as many samples of one program as of the other were expected, found {} and {}",
                        a.size(), b.size());
  const auto x = logs(a), y = logs(b);
  const std::size_t n = x.size(), block = block_of(n);
  std::mt19937_64 random(seed);
  std::vector<double> found;
  for (std::size_t draw = 0; draw < draws; ++draw) {
    std::vector<double> again_x, again_y;
    while (again_x.size() < n) {
      const std::size_t begin = random() % n;  // blocks go round: each pair is as likely as the others
      for (std::size_t i = begin; i < begin + block && again_x.size() < n; ++i) {
        again_x.push_back(x[i % n]);
        again_y.push_back(y[i % n]);
      }
    }
    found.push_back(median_difference(std::move(again_x), std::move(again_y)));
  }
  const double cut = cut_of(level, n);
  return {std::exp(median_difference(x, y)), std::exp(engine::quantile(found, cut)),
          std::exp(engine::quantile(found, 1 - cut))};
}

}  // namespace splitwan::analysis
