// The strength at which an attack finds so much.
#include <gmock/gmock.h>

#include <cmath>

#include "tests/fixtures/mechanism_fixture.hh"

namespace splitwan::tests {
namespace {

using namespace attacks;
using testing::HasSubstr;

TEST(Strength, meets_the_goal_of_a_curve_that_rises) {
  const auto curve = [](double mu) { return 0.05 + 0.9 * mu / (mu + 30); };
  for (const double goal : {0.06, 0.1, 0.3, 0.8}) {
    const Calibrated c = bisect({.success = goal}, curve);
    EXPECT_TRUE(c.met()) << c.why;
    EXPECT_NEAR(c.success, goal, 0.1 * goal);
    EXPECT_EQ(c.success, curve(c.strength));
    EXPECT_LE(c.rounds, 16);
  }
}

TEST(Strength, says_why_a_goal_is_not_met) {
  const auto curve = [](double mu) { return 0.05 + 0.9 * mu / (mu + 30); };
  const Calibrated below = bisect({.success = 0.02}, curve),
                   above = bisect({.success = 1}, [&](double mu) { return curve(mu) / 2; });
  EXPECT_THAT(below.why, HasSubstr("what is known without the rows exceeds it"));
  EXPECT_EQ(below.rounds, 1);
  EXPECT_NEAR(below.strength, 1e-2, 1e-12);
  EXPECT_THAT(above.why, HasSubstr("even at 10000 only 0.47"));
  const Calibrated step =
      bisect({.success = 0.5, .rounds = 60}, [](double mu) { return mu < 7 ? 0.1 : 0.9; });
  EXPECT_THAT(step.why, HasSubstr("success steps over 0.5 near 7"));
  EXPECT_THAT(bisect({.success = 0.5, .rounds = 3}, curve).why, HasSubstr("after 3 rounds"));
  EXPECT_EQ(error_of([&] { bisect({.success = 0}, curve); }), "success: expected above 0 to 1, found 0");
}

TEST(Strength, of_a_mechanism_meets_the_goal_by_the_strongest_or_as_published) {
  const MechanismWorld& world = MechanismWorld::get();
  const AttackChoice choice{.attackers = {"cosine", "ml", "map_unigram"}};
  MechanismView view = world.view(1);
  view.mechanism.binomial.bits = 8;
  const Calibration by_best = calibrate(view, world.documents, choice, {.success = 0.2}, never_stop),
                    published = calibrate(view, world.documents, choice, {.success = 0.2, .by = "cosine"},
                                          never_stop);
  for (const Calibration* c : {&by_best, &published}) {
    EXPECT_TRUE(c->at.met()) << c->at.why;
    EXPECT_NEAR(c->at.success, 0.2, 0.02);
    ASSERT_EQ(c->attacks.size(), 3u);
  }
  EXPECT_EQ(strongest(by_best.attacks).figures.top1, by_best.at.success);
  EXPECT_EQ(published.attacks.front().figures.top1, published.at.success);
  // At the published attack's strength somebody finds at least as much.
  EXPECT_GE(strongest(published.attacks).figures.top1, published.at.success);
  EXPECT_LE(by_best.at.strength, published.at.strength * 1.05);
}

TEST(Strength, of_baselines_is_their_own) {
  const MechanismWorld& world = MechanismWorld::get();
  for (const char* kind : {"gaussian", "rantext"}) {
    MechanismView view = world.view(1);
    view.mechanism.kind = kind;
    const Calibration c = calibrate(view, world.some(20), {.attackers = {"ml", "map_unigram"}},
                                    {
                                        .success = 0.2,
                                        .tolerance = 0.2,
                                    },
                                    never_stop);
    std::printf("%s: %g, %.3f in %d rounds %s\n", kind, c.at.strength, c.at.success, c.at.rounds,
                c.at.why.c_str());
    if (kind == std::string("gaussian")) {
      EXPECT_NEAR(c.at.success, 0.2, 0.04);
    } else {  // the published rate of its noise leaps from 2 to 9.3 where epsilon is 2
      EXPECT_THAT(c.at.why, HasSubstr("success steps over 0.2 near 2"));
    }
  }
}

}  // namespace
}  // namespace splitwan::tests
