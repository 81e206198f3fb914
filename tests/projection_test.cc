// Conditions that were never measured: held out of the fit, or only asked about.
#include "model/projection.hh"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/error.hh"
#include "model/cross_validate.hh"
#include "tests/trace_fixture.hh"

namespace splitwan::model {
namespace {

using test::World;

TEST(CrossValidation, a_round_trip_time_never_seen_is_predicted) {
  const auto result = cross_validate(observe(test::synthesise({})), by_rtt, "round-trip time");
  ASSERT_EQ(result.folds.size(), 8u);  // 4 RTTs x 2 drafters
  for (const Fold& fold : result.folds) {
    EXPECT_LT(std::abs(fold.error), 1e-3) << fold.held_out << ' ' << fold.drafter;
    EXPECT_LT(std::abs(fold.tokens_per_s_error), 1e-3) << fold.held_out << ' ' << fold.drafter;
  }
}

TEST(CrossValidation, holds_out_bandwidths_classes_and_drafters_too) {
  const Json all = cross_validate_all(observe(test::synthesise({.rates_bps = {10e6, 100e6}})));
  EXPECT_LT(all["by_bandwidth"]["worst_abs_error"], 1e-3);
  EXPECT_LT(all["by_prompt_class"]["worst_abs_error"], 1e-3);
  EXPECT_EQ(all["by_drafter"]["folds"].size(), 16u);
}

TEST(CrossValidation, says_so_when_there_is_nothing_to_hold_out) {
  const Json j =
      to_json(cross_validate(observe(test::synthesise({.rtts_s = {0.08}})), by_rtt, "round-trip time"));
  EXPECT_TRUE(j["folds"].empty());
  EXPECT_TRUE(j["worst_abs_error"].is_null());
  EXPECT_EQ(j["note"], "the traces hold only one round-trip time: nothing can be held out");
}

TEST(Projection, is_the_planted_formula) {
  const World world;
  const LatencyModel model = fit(test::synthesise(world));
  const Condition c{"", 0.060, 50e6, 80e6, 0};
  const Point point = project(model, c, "sequential");
  const double context = model.find("sequential")->mean_shape().context;
  const double wire = (1088 + 54) * 8 / 50e6 + (1088 + 54) * 8 / 80e6;
  const double step = 0.060 + wire + World::at(world.client, 1, context) +
                      World::at(world.server, 1, context) + world.overhead_s;
  EXPECT_NEAR(point.tokens_per_s, 1 / step, 1e-6 / step);
  EXPECT_NEAR(point.components.wire_s, wire, 1e-12);
  EXPECT_FALSE(project(model, {"", 0.060, 100e6, 200e6, 0}, "ngram").extrapolated);
  EXPECT_TRUE(project(model, {"", 0.200, 100e6, 200e6, 0}, "ngram").extrapolated);
}

TEST(Projection, interval_holds_the_point_and_repeats) {
  const LatencyModel model = fit(test::synthesise({.noise = 0.1}));
  const Condition c{"", 0.080, 100e6, 200e6, 0};
  const Point point = project(model, c, "ngram", 7), again = project(model, c, "ngram", 7);
  EXPECT_LT(point.low, point.tokens_per_s);
  EXPECT_GT(point.high, point.tokens_per_s);
  EXPECT_EQ(point.low, again.low);
  EXPECT_EQ(point.high, again.high);
}

TEST(Projection, names_the_drafters_it_knows) {
  const LatencyModel model = fit(test::synthesise({}));
  try {
    project(model, {}, "ngrm");
    FAIL();
  } catch (const engine::Error& e) {
    EXPECT_STREQ(e.what(), "the model knows no drafter 'ngrm': expected one of ngram, sequential");
  }
}

}  // namespace
}  // namespace splitwan::model
