// How steps' work varies, and what that makes of the mean of a run.
#include "model/path/work_noise.hh"

#include <gtest/gtest.h>

#include "model/ask/projection.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::model {
namespace {

double spread_of_means(const WorkNoise& noise, std::size_t steps) {
  std::mt19937_64 random(1);
  constexpr int draws = 4000;
  double square = 0;
  for (int i = 0; i < draws; ++i) square += std::pow(NoiseStream(noise).mean(steps, random), 2) / draws;
  return std::sqrt(square);
}

TEST(WorkNoise, of_steps_that_hang_together_does_not_average_out_within_a_run) {
  WorkNoise drifting, shuffled;
  for (const double s : {1e-3, -1e-3}) {
    drifting.runs.emplace_back(50, s);
    shuffled.runs.emplace_back();
    for (int i = 0; i < 50; ++i) shuffled.runs.back().push_back(i % 2 == 0 ? s : -s);
  }
  EXPECT_NEAR(spread_of_means(drifting, 20), 1e-3, 1e-9);
  EXPECT_LT(spread_of_means(shuffled, 20), 1e-6);
}

TEST(WorkNoise, of_runs_longer_than_any_measured_goes_on_in_another) {
  WorkNoise noise{{{1e-3, 1e-3}, {-1e-3, -1e-3}}};
  const double spread = spread_of_means(noise, 200);
  EXPECT_GT(spread, 0.5e-4);
  EXPECT_LT(spread, 2e-4);  // 100 runs of two
}

TEST(WorkNoise, that_is_none_changes_nothing) {
  std::mt19937_64 random(1);
  EXPECT_TRUE(WorkNoise().none());
  EXPECT_TRUE((WorkNoise{{{0, 0}}}.none()));
  EXPECT_EQ(NoiseStream(WorkNoise()).mean(5, random), 0);
}

TEST(Interval, of_a_mean_step_is_as_wide_as_the_fitted_runs_scatter) {
  const LatencyModel m = fit(tests::synthesise({.noise = 0.05}));
  ASSERT_FALSE(m.decode.noise.none());
  const auto others = fittable(Study(tests::synthesise({.noise = 0.05, .seed = 31}))).steps;
  std::size_t runs = 0, held = 0;
  for (const auto run : by_run(others)) {
    double mean_s = 0, steps = 0;
    for (const Observation& o : run)
      if (!o.prefill) mean_s += o.total_s, ++steps;
    if (steps == 0) continue;
    mean_s /= steps;
    const Interval i = step_landing(m, run).interval;
    ++runs;
    held += i.low <= mean_s && mean_s <= i.high;
  }
  ASSERT_EQ(runs, 16u);
  EXPECT_GE(static_cast<double>(held), 0.75 * static_cast<double>(runs)) << held << " of " << runs;
  EXPECT_LE(held, runs);
}

TEST(Interval, is_not_widened_by_what_a_check_of_theory_leaves_open) {
  LatencyModel m = fit(tests::synthesise({.noise = 0.05}));
  auto steps = fittable(Study(tests::synthesise({.noise = 0.05}))).steps;
  for (Observation& o : steps) o.condition.loss = 0.01;
  const auto width = [&] {
    const Interval i = step_landing(m, by_run(steps)[0]).interval;
    return i.high - i.low;
  };
  m.chance.applied = false;
  m.chance.loss = {1, NAN};
  const double unknown = width();
  m.chance.loss = {0.4, 2};
  EXPECT_EQ(width(), unknown);
}

}  // namespace
}  // namespace splitwan::model
