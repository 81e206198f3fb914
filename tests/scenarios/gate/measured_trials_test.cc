// Turns, and when they end: simulated runs.
#include "scenarios/gate/measured_trials.hh"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "model/path/random.hh"

namespace splitwan::scenarios {
namespace {

using testing::ElementsAre;

ComputeSample took(double seconds) { return {seconds, {{engine::Phase::middle, seconds}}, 1, 1}; }

// A run takes its program's time, and a noise that is a function of the seed.
RunOnce noisy(std::mt19937_64& random, double spread, double effect) {
  return [&random, spread, effect](std::size_t, int program) {
    return took((program == 0 ? 1 + effect : 1) * std::exp(spread * model::normal(random)));
  };
}

TEST(Turns, alternate_and_who_is_first_alternates_too) {
  std::vector<MeasuredSeries> all{{"a", {}}, {"b", {}}};
  std::vector<std::string> order;
  take_turns(all,
             [&](std::size_t i, int program) {
               order.push_back(all[i].name + (program == 0 ? " ours" : " theirs"));
               return took(1);
             },
             {.least = 2});
  order.resize(8);
  EXPECT_THAT(order, ElementsAre("a ours", "a theirs", "b ours", "b theirs", "a theirs", "a ours", "b theirs",
                                 "b ours"));
}

TEST(Turns, are_as_many_as_were_asked_for_where_there_is_no_noise) {
  std::vector<MeasuredSeries> all{{"a", {}}};
  std::mt19937_64 random(1);
  take_turns(all, noisy(random, 1e-6, 0), {.least = 9});
  EXPECT_EQ(all[0].pairs(), 9u);
  EXPECT_EQ(all[0].samples[1].size(), 9u);
}

TEST(Turns, go_on_until_the_power_calculation_is_content) {
  std::mt19937_64 random(2);
  std::vector<double> pairs;
  for (int again = 0; again < 40; ++again) {
    std::vector<MeasuredSeries> all{{"a", {}}};
    take_turns(all, noisy(random, 0.04, 0), {.least = 9});
    pairs.push_back(static_cast<double>(all[0].pairs()));
  }
  std::ranges::sort(pairs);
  std::printf("4 %% of noise: %g to %g pairs, half of the times up to %g\n", pairs.front(), pairs.back(),
              pairs[20]);
  EXPECT_NEAR(pairs[20], 70, 12);  // 2 (2.8 x 0.04 / 0.0198)^2 pi / 3
  EXPECT_GT(pairs[4], 30);         // nine pairs may look calmer than they are
}

TEST(Turns, of_a_calm_scenario_do_not_wait_for_a_noisy_one) {
  std::mt19937_64 random(3);
  const auto calm = noisy(random, 0.001, 0), loud = noisy(random, 0.03, 0);
  std::vector<MeasuredSeries> all{{"calm", {}}, {"loud", {}}};
  take_turns(all, [&](std::size_t i, int program) { return i == 0 ? calm(i, program) : loud(i, program); },
             {.least = 9});
  EXPECT_EQ(all[0].pairs(), 9u);
  EXPECT_GT(all[1].pairs(), 25u);
}

TEST(Turns, end_when_time_is_up_and_leave_no_half_pair) {
  for (const int runs : {0, 1, 7, 8}) {
    std::vector<MeasuredSeries> all{{"a", {}}, {"b", {}}};
    int left = runs;
    take_turns(all, [&](std::size_t, int) { return left-- > 0 ? std::optional(took(1)) : std::nullopt; },
               {.least = 9});
    EXPECT_EQ(all[0].pairs() + all[1].pairs(), static_cast<std::size_t>(runs) / 2);
    for (const auto& series : all) EXPECT_EQ(series.samples[0].size(), series.samples[1].size());
  }
}

// Looking at the scatter on the way does not make false alarms more likely, and finds the least effect as
// often as the power calculation says.
TEST(Turns, with_a_verdict_keep_the_false_alarm_rate_and_the_power) {
  constexpr int times = 300;
  const analysis::TrialRules rules{.alpha = alpha_after_looks * 0.05, .draws = 300};
  for (const double effect : {0.0, 0.02}) {
    std::mt19937_64 random(4);
    int differs = 0, passes = 0;
    for (int again = 0; again < times; ++again) {
      std::vector<MeasuredSeries> all{{"a", {}}};
      take_turns(all, noisy(random, 0.03, effect), {.least = 9, .rules = rules});
      const auto outcome = analysis::judge({trial_of(all[0])}, rules)[0].verdict;
      differs += outcome == analysis::Verdict::regressed || outcome == analysis::Verdict::improved;
      passes += outcome == analysis::Verdict::pass;
    }
    std::printf("effect %.2f: differs %.3f, passes %.3f\n", effect, differs / double{times},
                passes / double{times});
    if (effect == 0) {
      EXPECT_LE(differs, times * 0.05 + 3 * std::sqrt(times * 0.05 * 0.95));
      EXPECT_GE(passes, times * 0.85);
    } else {
      EXPECT_GE(differs, times * 0.75);
      EXPECT_LE(passes, times * 0.12);
    }
  }
}

}  // namespace
}  // namespace splitwan::scenarios
