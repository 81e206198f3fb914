// Intervals by drawing windows again.
#include "scenarios/study/resample.hh"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace splitwan::scenarios {
namespace {

TEST(Resample, holds_the_truth_as_often_as_it_says) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> noise(3, 1);
  int held = 0;
  constexpr int studies = 400;
  for (int study = 0; study < studies; ++study) {
    std::vector<double> of, per;
    for (int window = 0; window < 60; ++window) {
      per.push_back(40 + static_cast<double>(random() % 50));
      of.push_back(per.back() * noise(random));
    }
    const Interval i = ratio_of_sums(of, per, static_cast<std::uint64_t>(study));
    EXPECT_LE(i.low, i.value);
    EXPECT_GE(i.high, i.value);
    held += i.low <= 3 && 3 <= i.high;
  }
  EXPECT_NEAR(held / double{studies}, 0.9, 0.05);
}

TEST(Resample, is_a_function_of_the_seed_and_has_no_width_where_windows_agree) {
  const std::vector<double> of = {2, 4, 8}, per = {1, 2, 4};
  EXPECT_EQ(ratio_of_sums(of, per, 1).low, 2);
  EXPECT_EQ(ratio_of_sums(of, per, 1).high, 2);
  const std::vector<double> uneven = {2, 5, 8};
  EXPECT_EQ(ratio_of_sums(uneven, per, 7).low, ratio_of_sums(uneven, per, 7).low);
  EXPECT_LT(ratio_of_sums(uneven, per, 7).low, ratio_of_sums(uneven, per, 7).high);
}

}  // namespace
}  // namespace splitwan::scenarios
