// What is said of two programs: how often it is wrong where nothing differs, and how often it is right.
#include "analysis/trials/judge.hh"

#include <gmock/gmock.h>

#include <map>

#include "engine/base/error.hh"
#include "tests/analysis/trials/noise.hh"

namespace splitwan::analysis {
namespace {

using testing::HasSubstr, testing::ThrowsMessage;
using tests::Noise, tests::trial_of;

// Shares of trials by what was said of them; of several metrics the worst.
std::map<Verdict, double> said(std::size_t pairs, double effect, const Noise& noise,
                               std::size_t metrics = 1) {
  constexpr int times = 400;
  std::mt19937_64 random(9);
  std::map<Verdict, double> shares;
  for (int i = 0; i < times; ++i) {
    std::vector<Trial> trials;
    for (std::size_t m = 0; m < metrics; ++m) trials.push_back(trial_of(random, pairs, effect, noise));
    Verdict worst = Verdict::pass;
    for (const Finding& f : judge(trials, {.draws = 300}))
      worst = std::max(worst, f.verdict == Verdict::improved ? Verdict::regressed : f.verdict);
    shares[worst] += 1.0 / times;
  }
  std::printf(
      "%zu pairs, effect %.3f, noise %.3f, mood %.3f, %zu metrics: pass %.3f, differs %.3f, inconclusive "
      "%.3f\n",
      pairs, effect, noise.own, noise.mood, metrics, shares[Verdict::pass], shares[Verdict::regressed],
      shares[Verdict::inconclusive]);
  return shares;
}

TEST(Judge, cries_wolf_at_most_as_often_as_it_says) {
  const double most = 0.05 + 3 * std::sqrt(0.05 * 0.95 / 400);
  EXPECT_LE(said(9, 0, {.own = 0.02}).at(Verdict::regressed), most);
  EXPECT_LE(said(30, 0, {.own = 0.03, .outliers = true})[Verdict::regressed], most);
  EXPECT_LE(said(20, 0, {.own = 0.03}, 6)[Verdict::regressed], most);
  EXPECT_LE(said(40, 0, {.own = 0.01, .mood = 0.05})[Verdict::regressed], most);
}

// 18 pairs are what 2 % takes with 2 % of noise (power_test).
TEST(Judge, finds_what_the_power_calculation_says_it_would) {
  auto enough = said(18, 0.02, {.own = 0.02});
  EXPECT_NEAR(enough[Verdict::regressed], 0.8, 0.08);
  EXPECT_LE(enough[Verdict::pass], 0.12);
  EXPECT_GE(said(60, 0.02, {.own = 0.02})[Verdict::regressed], 0.98);
}

TEST(Judge, passes_where_nothing_differs_and_enough_was_measured) {
  EXPECT_GE(said(25, 0, {.own = 0.02})[Verdict::pass], 0.85);
  EXPECT_GE(said(60, 0, {.own = 0.02})[Verdict::pass], 0.95);
}

TEST(Judge, neither_passes_nor_fails_where_too_little_was_measured) {
  EXPECT_GE(said(9, 0, {.own = 0.1})[Verdict::inconclusive], 0.75);
  EXPECT_LE(said(9, 0.02, {.own = 0.1})[Verdict::pass], 0.25);
}

TEST(Judge, does_not_fail_for_less_than_half_the_least_effect) {
  std::mt19937_64 random(3);
  const Finding f = judge({trial_of(random, 300, 0.005, {.own = 0.005})}).at(0);
  EXPECT_LT(f.p_holm, 1e-6);
  EXPECT_GT(f.ratio_low, 1);
  EXPECT_EQ(f.verdict, Verdict::pass);
  const Finding same = judge({trial_of(random, 300, 0.005, {.own = 0.005})}, {.least_effect = 0.005}).at(0);
  EXPECT_EQ(same.verdict, Verdict::regressed);
}

TEST(Judge, knows_what_is_worse) {
  std::mt19937_64 random(4);
  Trial t = trial_of(random, 30, 0.1, {});
  EXPECT_EQ(judge({t})[0].verdict, Verdict::regressed);
  EXPECT_THAT(judge({t})[0].reason, HasSubstr("+10."));
  std::swap(t.ours, t.theirs);
  EXPECT_EQ(judge({t})[0].verdict, Verdict::improved);
  t.higher_is_better = true;
  EXPECT_EQ(judge({t})[0].verdict, Verdict::regressed);
  EXPECT_THAT(judge({t})[0].reason, HasSubstr("-9."));
}

TEST(Judge, corrects_for_every_metric_it_looks_at) {
  std::mt19937_64 random(8);
  const Trial slower = trial_of(random, 9, 0.025, {.own = 0.02});
  const Finding alone = judge({slower})[0];
  std::vector<Trial> many{slower};
  for (int i = 0; i < 9; ++i) many.push_back(trial_of(random, 9, 0, {.own = 0.02}));
  const Finding among = judge(many)[0];
  EXPECT_EQ(among.p, alone.p);
  EXPECT_GE(among.p_holm, 5 * alone.p);
  EXPECT_GT(among.smallest_seen, alone.smallest_seen);
  EXPECT_GT(among.needed, alone.needed);
}

TEST(Judge, says_what_it_could_have_seen_and_what_it_would_take) {
  std::mt19937_64 random(5);
  const Finding f = judge({trial_of(random, 30, 0, {.own = 0.05})})[0];
  ASSERT_EQ(f.verdict, Verdict::inconclusive);
  ASSERT_TRUE(f.needed);
  EXPECT_NEAR(static_cast<double>(*f.needed), 106, 50);  // 2 (2.8 x 0.05 / 0.0198)^2 pi / 3, from thirty
  EXPECT_THAT(f.reason, HasSubstr("30 repetitions show"));
  EXPECT_THAT(f.reason, HasSubstr("2 % takes " + std::to_string(*f.needed)));
}

TEST(Judge, refuses_samples_that_are_no_pairs_or_no_times) {
  EXPECT_THAT(
      [] {
        judge({{"compute", {1, 2, 3}, {1, 2}}});
      },
      ThrowsMessage<engine::Error>(HasSubstr("compute: as many samples")));
  EXPECT_THAT(
      [] {
        judge({{"compute", {1, 0}, {1, 2}}});
      },
      ThrowsMessage<engine::Error>(HasSubstr("compute: samples above 0")));
  EXPECT_TRUE(judge({}).empty());
}

}  // namespace
}  // namespace splitwan::analysis
