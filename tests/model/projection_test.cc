// Conditions that were never measured: held out of the fit, or only asked about.
#include "model/ask/projection.hh"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.hh"
#include "model/judge/validation.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::model {
namespace {

using tests::World;

TEST(CrossValidation, a_round_trip_time_never_seen_is_predicted) {
  const auto steps = observe(tests::synthesise({}));
  const Json folds = validate(fit(steps), steps)["cross_validation"]["by_rtt"]["folds"];
  ASSERT_EQ(folds.size(), 8u);  // 4 RTTs x 2 drafters
  for (const Json& fold : folds) {
    EXPECT_LT(std::abs(fold["error"].get<double>()), 1e-3) << fold;
    EXPECT_LT(std::abs(fold["tokens_per_s_error"].get<double>()), 1e-3) << fold;
  }
}

TEST(CrossValidation, holds_out_bandwidths_classes_and_drafters_too) {
  const auto steps = observe(tests::synthesise({.rates_bps = {10e6, 100e6}}));
  const Json all = validate(fit(steps), steps);
  EXPECT_LT(all["folds"]["bandwidth"]["worst"], 1e-3);
  EXPECT_LT(all["folds"]["prompt_class"]["worst"], 1e-3);
  EXPECT_EQ(all["folds"]["drafter"]["n"], 16);
  EXPECT_EQ(all["cross_validation"]["by_condition"]["folds"].size(), 16u);
  for (const char* way : {"rtt", "bandwidth", "condition"})
    EXPECT_GT(all["baseline_folds"][way]["worst"], 2 * all["folds"][way]["worst"].get<double>()) << way;
}

TEST(CrossValidation, says_so_when_there_is_nothing_to_hold_out) {
  const auto steps = observe(tests::synthesise({.rtts_s = {0.08}}));
  const Json j = validate(fit(steps), steps)["cross_validation"]["by_rtt"];
  EXPECT_TRUE(j["folds"].empty());
  EXPECT_TRUE(j["worst_abs_error"].is_null());
  EXPECT_EQ(j["note"], "the traces hold only one round-trip time: nothing can be held out");
}

TEST(Projection, is_the_planted_formula) {
  const World world;
  const LatencyModel model = fit(tests::synthesise(world));
  const Condition c{"", 0.060, 50e6, 80e6, 0};
  const Point point = project(model, c, "sequential");
  const double context = model.find("sequential")->mean_shape().context;
  const double wire = (1088 + 54) * 8 / 50e6 + (1088 + 54) * 8 / 80e6;
  const double step = 0.060 + wire + World::at(world.client, 1, context) +
                      World::at(world.server, 1, context) + world.overhead_s;
  EXPECT_NEAR(point.tokens_per_s, 1 / step, 1e-6 / step);
  EXPECT_NEAR(point.components.wire_s, wire, 1e-12);
  EXPECT_NEAR(point.bytes_per_token, 2 * 1088, 1e-9);
  EXPECT_NEAR(point.break_even, 1, 1e-12);
}

TEST(Projection, outside_the_fitted_range_says_so_and_widens_the_interval) {
  const LatencyModel model = fit(tests::synthesise({.noise = 0.05}));
  const Point inside = project(model, {"", 0.060, 100e6, 200e6, 0}, "ngram");
  EXPECT_TRUE(inside.extrapolated.empty());
  const auto width = [](const Point& p) { return (p.high - p.low) / p.tokens_per_s; };
  const Point outside = project(model, {"", 0.600, 100e6, 200e6, 0}, "sequential");
  EXPECT_EQ(outside.extrapolated,
            std::vector<std::string>{"round-trip time 600 ms: fitted on 20 ms to 150 ms"});
  EXPECT_GT(width(outside), 3 * width(project(model, {"", 0.060, 100e6, 200e6, 0}, "sequential")));
  EXPECT_EQ(project(model, {"", 0.060, 100e6, 200e6, 0.01}, "ngram").extrapolated,
            std::vector<std::string>{"loss 1 %: fitted on 0 %"});
}

TEST(Projection, a_guess_that_costs_more_must_gain_more) {
  const LatencyModel model = fit(tests::synthesise({}));
  const Condition c{"", 0.040, 20e6, 20e6, 0};
  const Point ngram = project(model, c, "ngram"), plain = project(model, c, "sequential");
  EXPECT_NEAR(ngram.break_even, ngram.step_s / plain.step_s, 1e-12);
  EXPECT_EQ(ngram.tokens_per_step > ngram.break_even, ngram.tokens_per_s > plain.tokens_per_s);
  double shares = 0;
  const Json j = to_json(ngram);
  const Json& parts = j["shares"];
  for (const auto& [part, share] : parts.items()) shares += share.get<double>();
  EXPECT_NEAR(shares, 1, 1e-12);
  EXPECT_EQ(j["tokens_per_s_ci90"][0], ngram.low);
}

TEST(Projection, interval_holds_the_point_and_repeats) {
  const LatencyModel model = fit(tests::synthesise({.noise = 0.1}));
  const Condition c{"", 0.080, 100e6, 200e6, 0};
  const Point point = project(model, c, "ngram", "", 7), again = project(model, c, "ngram", "", 7);
  EXPECT_LT(point.low, point.tokens_per_s);
  EXPECT_GT(point.high, point.tokens_per_s);
  EXPECT_EQ(point.low, again.low);
  EXPECT_EQ(point.high, again.high);
}

TEST(Projection, names_the_drafters_it_knows) {
  const LatencyModel model = fit(tests::synthesise({}));
  try {
    project(model, {}, "ngrm");
    FAIL();
  } catch (const engine::Error& e) {
    EXPECT_STREQ(e.what(), "the model knows no drafter 'ngrm': expected one of ngram, sequential");
  }
}

}  // namespace
}  // namespace splitwan::model
