// The ratio of two samples against all its pairs, and intervals that hold the truth as often as they say.
#include "analysis/trials/location.hh"

#include <gtest/gtest.h>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "tests/analysis/trials/noise.hh"

namespace splitwan::analysis {
namespace {

double by_all_pairs(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> all;
  for (const double x : a)
    for (const double y : b) all.push_back(std::log(x / y));
  return std::exp(engine::median(all));
}

TEST(Ratio, is_the_median_over_all_pairs) {
  std::mt19937_64 random(1);
  for (const std::size_t pairs : {1u, 2u, 5u, 8u, 33u, 100u})
    for (const double effect : {0.0, 0.02, 0.5}) {
      const Trial t = tests::trial_of(random, pairs, effect, {.own = 0.1, .outliers = true});
      EXPECT_NEAR(ratio_of(t.ours, t.theirs), by_all_pairs(t.ours, t.theirs), 1e-10) << pairs;
      EXPECT_NEAR(ratio_of(t.ours, t.theirs) * ratio_of(t.theirs, t.ours), 1, 1e-10);
    }
  // With ties, and samples of two sizes.
  EXPECT_NEAR(ratio_of(std::vector<double>{2, 2, 4}, std::vector<double>{1, 1, 1, 2}), 2, 1e-10);
}

TEST(RatioInterval, is_a_function_of_samples_and_seed) {
  std::mt19937_64 random(2);
  const Trial t = tests::trial_of(random, 30, 0, {});
  const auto once = ratio_interval(t.ours, t.theirs, 0.95, 7),
             again = ratio_interval(t.ours, t.theirs, 0.95, 7);
  EXPECT_EQ(once.low, again.low);
  EXPECT_EQ(once.high, again.high);
  EXPECT_NE(once.low, ratio_interval(t.ours, t.theirs, 0.95, 8).low);
  EXPECT_LT(once.low, once.ratio);
  EXPECT_GT(once.high, once.ratio);
}

struct Coverage {
  double share = 0, width = 0;
};

Coverage coverage(std::size_t pairs, const tests::Noise& noise) {
  constexpr int times = 400;
  std::mt19937_64 random(3);
  Coverage found;
  for (int i = 0; i < times; ++i) {
    const Trial t = tests::trial_of(random, pairs, 0.02, noise);
    const auto interval = ratio_interval(t.ours, t.theirs, 0.95, 1, 300);
    found.share += (interval.low <= 1.02 && 1.02 <= interval.high) / static_cast<double>(times);
    found.width += std::log(interval.high / interval.low) / times;
  }
  std::printf("%zu pairs, mood %.3f: %.1f %% hold the truth, %.2f %% wide\n", pairs, noise.mood,
              100 * found.share, 100 * found.width);
  return found;
}

TEST(RatioInterval, holds_the_truth_as_often_as_it_says) {
  for (const tests::Noise& noise : {tests::Noise{}, tests::Noise{.outliers = true}}) {
    EXPECT_GE(coverage(9, noise).share, 0.9);
    EXPECT_GE(coverage(20, noise).share, 0.91);
    const double many = coverage(100, noise).share;
    EXPECT_GE(many, 0.91);
    EXPECT_LE(many, 0.98);
  }
}

TEST(RatioInterval, does_not_grow_with_what_both_of_a_pair_share) {
  const Coverage calm = coverage(60, {}), moody = coverage(60, {.mood = 0.05});
  EXPECT_GE(moody.share, 0.91);
  // Five times the noise, shared: the Hodges-Lehmann ratio of unpaired values keeps a little of it.
  EXPECT_LT(moody.width, 3 * calm.width);
}

TEST(RatioInterval, refuses_what_is_no_pair_or_no_ratio) {
  const std::vector<double> two{1, 2}, three{1, 2, 3}, zero{1, 0};
  EXPECT_THROW(ratio_interval(two, three, 0.95, 1), engine::Error);
  EXPECT_THROW(ratio_interval(two, zero, 0.95, 1), engine::Error);
}

}  // namespace
}  // namespace splitwan::analysis
