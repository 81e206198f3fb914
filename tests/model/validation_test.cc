// Does a fit know its own worth? Planted truths, planted lies.
#include "model/judge/validation.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/judge/coverage.hh"
#include "model/judge/identify.hh"
#include "model/judge/residual_test.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::model {
namespace {

using tests::World;

std::vector<std::string> suspects(const World& world) {
  const auto steps = observe(tests::synthesise(world));
  return test_residuals(fit(steps), steps).suspects();
}

TEST(StandardErrors, are_as_large_as_the_coefficients_are_off) {
  // Of 40 worlds the planted value lies within two standard errors in about 95 %.
  int inside = 0, all = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const World world{.steps = 30, .noise = 0.05, .seed = seed};
    const PhaseModel decode = fit(tests::synthesise(world)).decode;
    const std::pair<Coefficient, double> pairs[] = {{decode.client.fixed_s, world.client[0]},
                                                    {decode.client.per_row_s, world.client[1]},
                                                    {decode.server.fixed_s, world.server[0]},
                                                    {decode.server.per_row_s, world.server[1]}};
    for (const auto& [found, planted] : pairs) {
      ASSERT_GT(found.error, 0);
      inside += std::abs(found.value - planted) <= 2 * found.error;
      ++all;
    }
  }
  EXPECT_GE(inside, 0.85 * all) << inside << " of " << all;
}

TEST(ResidualTest, passes_where_the_model_is_the_truth) {
  EXPECT_THAT(suspects({}), testing::IsEmpty());
  EXPECT_THAT(suspects({.rates_bps = {10e6, 100e6}, .noise = 0.1}), testing::IsEmpty());
}

TEST(ResidualTest, flags_time_that_grows_with_the_round_trip) {
  EXPECT_THAT(suspects({.noise = 0.05, .extra_per_rtt = 0.1}), testing::Contains("round-trip time"));
}

TEST(ResidualTest, flags_time_that_grows_with_the_square_of_rows) {
  EXPECT_THAT(suspects({.noise = 0.05, .extra_per_squared_row_s = 50e-6}),
              testing::AnyOf(testing::Contains("rows squared"), testing::Contains("rows")));
}

TEST(Independence, of_the_round_trip_time_is_seen_and_so_is_its_lack) {
  const auto p_of = [](const World& world) {
    for (const IndependenceTest& t : test_rtt_independence(observe(tests::synthesise(world)))) {
      if (t.drafter == "ngram") return t.p_value;
    }
    return std::numeric_limits<double>::quiet_NaN();
  };
  EXPECT_GT(p_of({}), 0.01);
  EXPECT_LT(p_of({.luck_per_rtt = 4}), 0.001);
}

std::vector<std::string> terms(const World& world) {
  std::vector<std::string> names;
  const auto steps = observe(tests::synthesise(world));
  for (const Unidentified& u : unidentified(fit(steps), steps)) names.push_back(u.term);
  return names;
}

TEST(Identification, names_the_terms_that_the_runs_cannot_tell) {
  EXPECT_THAT(terms({.rates_bps = {10e6, 100e6}}), testing::ElementsAre("loss recovery", "jitter"));
  EXPECT_THAT(terms({.rtts_s = {0.08}}), testing::Contains("round trips"));
  EXPECT_THAT(terms({}), testing::Contains("bytes over rate"));
  EXPECT_THAT(terms({.drafters = {"sequential"}}), testing::Contains("work per row"));
}

std::string why_no_loss(const std::vector<engine::Run>& runs) {
  const auto steps = observe(runs);
  for (const Unidentified& u : unidentified(fit(steps), steps)) {
    if (u.term == "loss recovery") return u.why;
  }
  return "";
}

TEST(Identification, says_that_nothing_was_lost_only_where_nothing_was_sent_again) {
  auto runs = tests::synthesise({});
  EXPECT_THAT(why_no_loss(runs), testing::HasSubstr("no run lost packets"));
  const auto reply = std::ranges::find_if(runs[3].spans, [](auto& s) { return s.op == engine::Op::recv; });
  reply->retransmits = 5;  // a queue that filled: the stated loss is 0
  EXPECT_THAT(why_no_loss(runs), testing::HasSubstr("yet 5 segments were sent again in 1 runs"));
  EXPECT_THAT(why_no_loss(runs), testing::Not(testing::HasSubstr("no run lost packets")));
}

TEST(ResidualTest, of_which_nothing_varied_neither_passes_nor_fails) {
  const World one{.rtts_s = {0.08}, .drafters = {"sequential"}, .steps = 2};
  const auto steps = observe(tests::synthesise(one));
  const Json two = to_json(test_residuals(fit(steps), {steps.begin(), steps.begin() + 3}));
  EXPECT_TRUE(two["passed"].is_null());
  EXPECT_EQ(two["why_not_testable"], "2 decode steps crossed a network, 3 are needed");
  const auto many = observe(tests::synthesise({}));
  const Json all = to_json(test_residuals(fit(many), many));
  EXPECT_EQ(all["passed"], true);
  EXPECT_TRUE(all["why_not_testable"].is_null());
}

TEST(Coverage, of_sequential_runs_that_vary_as_their_steps_do) {
  const auto steps =
      observe(tests::synthesise({.rtts_s = {0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15},
                                 .rates_bps = {10e6, 20e6, 50e6, 100e6, 1e9},
                                 .drafters = {"sequential"},
                                 .steps = 20,
                                 .noise = 0.2}));
  Coverage all;
  hold_out(steps, by_condition,
           [&](const Group&, const LatencyModel& m, const auto& others, const auto& held) {
             all.add(cover(m, others, held));
           });
  EXPECT_EQ(all.runs, 90u);
  EXPECT_GE(all.share(), 0.8) << all.below << " below, " << all.above << " above";
  EXPECT_LE(all.share(), 0.97);
}

}  // namespace
}  // namespace splitwan::model
