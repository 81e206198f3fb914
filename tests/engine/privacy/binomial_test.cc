// The coin itself: chances, draws, and what a million draws prove of the account.
#include "engine/privacy/binomial.hh"

#include <gmock/gmock.h>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>

#include "engine/base/json_file.hh"
#include "engine/privacy/accountant.hh"
#include "engine/privacy/random_bits.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::Ge, testing::Le, testing::Lt, testing::HasSubstr;
using tests::error_of;

constexpr int draws = 1'000'000;

TEST(Binomial, has_the_fixture_s_chances_mean_and_variance) {
  const Json f = read_json_file(SPLITWAN_SOURCE_DIR "/tests/fixtures/binomial_dp.json")["quantiser"];
  const BinomialSpec s{f["mu"], f["n_bits"], f["d"], f["c"]};
  int compared = 0;
  for (const Json& row : f["rows"]) {
    const double x = row["v"];
    EXPECT_NEAR(s.chance(x), row["p"].get<double>(), 1e-12);
    const auto p = s.counts(x);
    double mean = 0, square = 0;
    for (std::uint32_t k = 0; k < p.size(); ++k) {
      EXPECT_NEAR(p[k], row["pmf"][k].get<double>(), 1e-12);
      EXPECT_NEAR(s.value(k), row["levels"][k].get<double>(), 1e-12);
      mean += p[k] * s.value(k), square += p[k] * s.value(k) * s.value(k);
    }
    EXPECT_NEAR(mean, row["mean"].get<double>(), 1e-12);
    EXPECT_NEAR(mean, row["clipped"].get<double>(), 1e-12);
    EXPECT_NEAR(square - mean * mean, row["var"].get<double>(), 1e-12);
    EXPECT_NEAR(s.variance(x), row["var_formula"].get<double>(), 1e-12);
    ++compared;
  }
  EXPECT_EQ(compared, 6);
}

TEST(Binomial, draws_follow_their_chances) {
  for (const auto& [bits, mu, x] :
       {std::tuple{1, 2.0, 0.03}, {2, 2.0, -0.05}, {4, 20.0, 0.01}, {4, 1.0, 0.05}, {8, 30.0, -0.02}}) {
    const BinomialSpec s{mu, bits, 8, 0.05};
    const auto p = s.counts(x);
    std::vector<double> seen(p.size(), 0);
    RandomBits random(11);
    for (int i = 0; i < draws; ++i) ++seen[draw_binomial(random, s.rounds(), s.chance(x))];
    double chi = 0, expected = 0, found = 0;
    int cells = 0;
    for (std::size_t k = 0; k < p.size(); ++k) {  // cells of at least 20
      expected += p[k] * draws, found += seen[k];
      if (expected < 20 && k + 1 < p.size()) continue;
      if (expected >= 1) chi += (found - expected) * (found - expected) / expected, ++cells;
      expected = found = 0;
    }
    const double limit = quantile(boost::math::chi_squared(cells - 1), 0.999);
    EXPECT_THAT(chi, Lt(limit)) << bits << " bits, mu " << mu << ", " << cells << " cells";
    EXPECT_THAT(cells, Ge(2));
  }
}

TEST(Binomial, bits_of_the_system_follow_them_too) {
  const BinomialSpec s{4, 4, 8, 0.05};
  RandomBits random;
  double mean = 0;
  for (int i = 0; i < draws; ++i) mean += s.value(draw_binomial(random, s.rounds(), s.chance(0.02))) / draws;
  EXPECT_NEAR(mean, 0.02, 5 * std::sqrt(s.variance(0.02) / draws));
  EXPECT_STREQ(random.source(), "operating system");
  EXPECT_STREQ(RandomBits(1).source(), "seed");
}

TEST(Binomial, no_latent_outside_the_box_reaches_the_coin) {
  RandomBits random(3);
  for (int i = 0; i < 20000; ++i) {
    const BinomialSpec s{std::exp(random.uniform() * 8 - 2), 1 + static_cast<int>(random.uniform() * 16),
                         1 + static_cast<int>(random.uniform() * 256), 0.001 + random.uniform()};
    const double x = (random.uniform() - 0.5) * std::exp(random.uniform() * 40);
    EXPECT_THAT(std::abs(s.chance(x) - 0.5), Le(s.corner() - 0.5 + 0x1p-53)) << x;  // a rounding of 1/2
  }
  const BinomialSpec s{2, 4, 8, 0.05};
  EXPECT_EQ(s.chance(INFINITY), s.corner());
  EXPECT_EQ(s.chance(NAN), 0.5);
}

// Clopper and Pearson's bounds of how often the worst pair's count is at or over a threshold.
TEST(Binomial, a_million_draws_prove_no_more_loss_than_accounted_for_and_no_less) {
  const BinomialSpec s{2, 2, 8, 0.05};
  const Accountant account(s.row_rounds(), s.corner());
  std::vector<double> worse(s.row_rounds() + 1, 0), better = worse;
  RandomBits random(5);
  for (int i = 0; i < draws; ++i) {
    std::uint32_t from_high = 0, from_low = 0;
    for (int j = 0; j < s.width; ++j) {
      from_high += draw_binomial(random, s.rounds(), s.chance(s.clip));
      from_low += draw_binomial(random, s.rounds(), s.chance(-s.clip));
    }
    ++worse[from_high], ++better[from_low];
  }
  const auto low = [](double k, double alpha) {
    return k == 0 ? 0 : quantile(boost::math::beta_distribution<>(k, draws - k + 1), alpha);
  };
  const auto high = [](double k, double alpha) {
    return k == draws ? 1 : quantile(boost::math::beta_distribution<>(k + 1, draws - k), 1 - alpha);
  };
  constexpr double alpha = 0.001 / 2;
  int thresholds = 0;
  for (std::uint64_t t = 8; t <= 18; ++t) {
    double p = 0, q = 0;
    for (std::uint64_t k = t; k < worse.size(); ++k) p += worse[k], q += better[k];
    for (const double epsilon : {0.5, 2.0, 5.0, 8.0}) {
      const double curve = account.delta(epsilon), e = std::exp(epsilon);
      EXPECT_THAT(low(p, alpha) - e * high(q, alpha), Le(curve)) << t << " " << epsilon;
    }
    ++thresholds;
  }
  EXPECT_EQ(thresholds, 11);
  // At the best threshold of each epsilon the worst pair reaches the curve.
  for (const double epsilon : {0.5, 2.0, 5.0}) {
    const auto t = static_cast<std::uint64_t>(std::floor((epsilon / std::log(0.6 / 0.4) + 24) / 2)) + 1;
    double p = 0, q = 0;
    for (std::uint64_t k = t; k < worse.size(); ++k) p += worse[k], q += better[k];
    EXPECT_THAT(high(p, alpha) - std::exp(epsilon) * low(q, alpha), Ge(account.delta(epsilon))) << epsilon;
  }
}

TEST(Binomial, out_of_range_is_refused_by_name) {
  EXPECT_EQ(error_of([] {
              check({0, 4, 128, 0.05}, "s.json");
            }),
            "s.json: mu: expected a number from 0.000001 to 1000000, found 0");
  EXPECT_THAT(error_of([] { check({NAN, 4, 128, 0.05}, ""); }), HasSubstr("mu: expected"));
  EXPECT_THAT(error_of([] {
                check({1, 17, 128, 0.05}, "x");
              }),
              HasSubstr("x: bits: expected 1 to 16, found 17"));
  EXPECT_THAT(error_of([] {
                check({1, 4, 0, 0.05}, "x");
              }),
              HasSubstr("x: width: expected 1 to 65536, found 0"));
  EXPECT_THAT(error_of([] { check({1, 4, 1, -1}, "x"); }), HasSubstr("x: clip: expected"));
}

}  // namespace
}  // namespace splitwan::engine
