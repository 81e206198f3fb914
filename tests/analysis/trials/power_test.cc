// What the power calculation promises, tried: so many repetitions see such an effect so often.
#include "analysis/trials/power.hh"

#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>

#include "analysis/trials/rank_test.hh"
#include "engine/base/order_statistics.hh"
#include "tests/analysis/trials/noise.hh"

namespace splitwan::analysis {
namespace {

Scatter scatter(std::mt19937_64& random, std::size_t pairs, const tests::Noise& noise) {
  const Trial t = tests::trial_of(random, pairs, 0.1, noise);  // a difference between the two is no scatter
  return scatter_of(t.ours, t.theirs);
}

double share_seen(std::size_t each, double effect, const tests::Noise& noise, double alpha) {
  constexpr int times = 2000;
  std::mt19937_64 random(5);
  int seen = 0;
  for (int i = 0; i < times; ++i) {
    const Trial t = tests::trial_of(random, each, effect, noise);
    seen += paired_mann_whitney(t.ours, t.theirs).p < alpha;
  }
  return seen / static_cast<double>(times);
}

TEST(Power, of_normal_noise_takes_the_t_tests_number_times_pi_thirds) {
  const boost::math::normal normal;
  Scatter known;  // as normal and as independent as 997 values can be
  const double spread = 0.03, effect = std::log(1.005);
  for (int i = 0; i < 997; ++i) {
    known.ours.push_back(spread * quantile(normal, (i + 0.5) / 997));
    known.theirs.push_back(spread * quantile(normal, (i * 313 % 997 + 0.5) / 997));
  }
  const double z = quantile(normal, 0.975) + quantile(normal, 0.8);
  const double t_test = 2 * std::pow(z * spread / effect, 2);
  const auto needed = repetitions_for(known, 0.005);
  ASSERT_TRUE(needed);
  EXPECT_NEAR(static_cast<double>(*needed), t_test * 3.14159 / 3, 0.03 * t_test);
}

TEST(Power, is_what_it_says_whatever_the_noise) {
  for (const tests::Noise& noise :
       {tests::Noise{.own = 0.01}, tests::Noise{.own = 0.02}, tests::Noise{.own = 0.02, .mood = 0.05},
        tests::Noise{.own = 0.01, .outliers = true}})
    for (const double alpha : {0.05, 0.05 / 6}) {
      std::mt19937_64 random(2);
      const auto known = scatter(random, 500, noise);
      const auto needed = repetitions_for(known, 0.02, {alpha, 0.8});
      ASSERT_TRUE(needed);
      const double seen = share_seen(*needed, 0.02, noise, alpha);
      std::printf("noise %.3f, mood %.2f%s, alpha %.4f: %zu repetitions see 2 %% in %.1f %% of trials\n",
                  noise.own, noise.mood, noise.outliers ? " with outliers" : "", alpha, *needed, 100 * seen);
      EXPECT_NEAR(seen, 0.8, *needed < 15 ? 0.12 : 0.06);  // few pairs have few values of p
      EXPECT_NEAR(smallest_effect(known, *needed, {alpha, 0.8}), 0.02,
                  0.0025);  // repetitions are whole numbers
    }
}

// Nine repetitions know little of the noise, but do not flatter it.
TEST(Power, of_nine_repetitions_is_right_on_the_whole) {
  std::mt19937_64 random(4);
  std::vector<double> smallest(400);
  std::ranges::generate(smallest, [&] { return smallest_effect(scatter(random, 9, {.own = 0.02}), 9); });
  const double typical = engine::median(smallest);
  const double seen = share_seen(9, typical, {.own = 0.02}, 0.05);
  std::printf("nine repetitions, 2 %% of noise: %.2f %% are seen in %.1f %% of trials\n", 100 * typical,
              100 * seen);
  EXPECT_NEAR(seen, 0.8, 0.07);
}

TEST(Power, grows_with_repetitions_and_effect) {
  std::mt19937_64 random(6);
  const auto known = scatter(random, 100, {.own = 0.03});
  EXPECT_GT(smallest_effect(known, 9), smallest_effect(known, 30));
  EXPECT_GT(smallest_effect(known, 30), smallest_effect(known, 300));
  EXPECT_GT(*repetitions_for(known, 0.01), *repetitions_for(known, 0.02));
  EXPECT_TRUE(std::isinf(smallest_effect(known, 5)));  // swaps of five pairs have no p below 1/16
  EXPECT_EQ(repetitions_for(known, 10.0), 6u);         // the least with p below 0.05
  EXPECT_EQ(repetitions_for(Scatter{{-1, 1}, {1.1, -0.9}}, 1e-9), std::nullopt);
}

}  // namespace
}  // namespace splitwan::analysis
