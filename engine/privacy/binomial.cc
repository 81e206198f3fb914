#include "engine/privacy/binomial.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/json_file.hh"

namespace splitwan::engine {

double BinomialSpec::scale() const {
  return clip * std::sqrt(1 + 4 * static_cast<double>(row_rounds()) / (mu * mu));
}

double BinomialSpec::corner() const { return chance(clip); }

double BinomialSpec::chance(double x) const {
  return 0.5 + std::clamp(std::isnan(x) ? 0.0 : x, -clip, clip) / (2 * scale());
}

std::vector<double> BinomialSpec::counts(double x) const {
  const double q = chance(x), odds = q / (1 - q);
  const std::uint32_t u = rounds();
  // From the likeliest count outwards: the far ones may be nothing.
  std::vector<double> p(u + 1, 0.0);
  const auto mode = std::min(u, static_cast<std::uint32_t>((u + 1) * q));
  p[mode] = 1;
  for (std::uint32_t k = mode; k < u; ++k) p[k + 1] = p[k] * odds * (u - k) / (k + 1);
  for (std::uint32_t k = mode; k > 0; --k) p[k - 1] = p[k] / odds * k / (u - k + 1);
  double sum = 0;
  for (const double one : p) sum += one;
  for (double& one : p) one /= sum;
  return p;
}

double BinomialSpec::value(std::uint32_t count) const { return scale() * (2.0 * count / rounds() - 1); }

double BinomialSpec::variance(double x) const {
  const double clamped = std::clamp(x, -clip, clip);
  return (scale() * scale() - clamped * clamped) / rounds();
}

double mu_of_scale(double scale, double clip, std::uint64_t row_rounds) {
  return 2 * clip * std::sqrt(static_cast<double>(row_rounds) / (scale * scale - clip * clip));
}

namespace {

constexpr double most_mu = 1e6, most_clip = 1e3;
constexpr int most_bits = 16, most_width = 1 << 16;

void expect(bool holds, const std::string& where, const char* key, const char* expected, double found) {
  if (!holds)
    throw Error("{}{}{}: expected {}, found {:g}", where, where.empty() ? "" : ": ", key, expected, found);
}

}  // namespace

void check(const BinomialSpec& s, const std::string& where) {
  expect(s.mu >= 1e-6 && s.mu <= most_mu, where, "mu", "a number from 0.000001 to 1000000", s.mu);
  expect(s.bits >= 1 && s.bits <= most_bits, where, "bits", "1 to 16", s.bits);
  expect(s.width >= 1 && s.width <= most_width, where, "width", "1 to 65536", s.width);
  expect(s.clip > 0 && s.clip <= most_clip, where, "clip", "a number above 0, at most 1000", s.clip);
}

Json to_json(const BinomialSpec& s) {
  return {{"mu", s.mu}, {"bits", s.bits}, {"width", s.width}, {"clip", s.clip}};
}

BinomialSpec binomial_spec_of(ObjectReader r) {
  BinomialSpec s;
  s.mu = r.need<double>("mu");
  s.bits = r.need<int>("bits");
  s.width = r.need<int>("width");
  s.clip = r.need<double>("clip");
  r.done();
  check(s, r.where());
  return s;
}

}  // namespace splitwan::engine
