// The attackers against each other on the demo model: who knows more finds more.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

#include "tests/fixtures/mechanism_fixture.hh"

namespace splitwan::tests {
namespace {

using namespace attacks;

// Three standard errors of a difference between two shares of the same tokens, as if those were independent.
double luck(const Figures& a, const Figures& b) {
  const auto variance = [](const Figures& f) { return f.top1 * (1 - f.top1) + 1.0 / f.tokens; };
  return 3 * std::sqrt((variance(a) + variance(b)) / a.tokens);
}

TEST(MechanismLadder, likelihood_finds_no_less_than_cosine_and_the_prior_no_less_than_likelihood) {
  const MechanismWorld& world = MechanismWorld::get();
  const AttackChoice choice{.attackers = {"cosine", "ml", "map_unigram"}};
  double cosine = 0, ml = 0, map = 0;
  for (const double mu : {1.0, 20.0, 40.0, 80.0, 160.0}) {
    const auto found = attack_rows(world.view(mu), world.documents, choice, never_stop);
    for (std::size_t i = 1; i < found.size(); ++i)
      EXPECT_GE(found[i].figures.top1,
                found[i - 1].figures.top1 - luck(found[i].figures, found[i - 1].figures))
          << "mu " << mu << ", " << found[i].attacker;
    cosine += found[0].figures.top1, ml += found[1].figures.top1, map += found[2].figures.top1;
  }
  EXPECT_GE(ml, cosine - 0.01);
  EXPECT_GT(map, ml);
}

TEST(MechanismLadder, the_model_as_prior_tells_most_where_texts_are_like_its_own) {
  const MechanismWorld& world = MechanismWorld::get();
  const auto texts = sample_texts(world.pieces, 50'000, 8, 32, 77);  // never seen by the attacker
  const AttackChoice choice{.attackers = {"map_unigram", "map_lm", "posterior_lm"}, .particles = 16};
  const auto found = attack_rows(world.view(80), texts, choice, never_stop);
  EXPECT_GT(found[1].figures.top1, found[0].figures.top1 + 0.05);
  EXPECT_GT(found[2].figures.top1, found[0].figures.top1 + 0.05);
  EXPECT_GE(found[2].figures.top1, found[1].figures.top1 - luck(found[1].figures, found[2].figures));
}

// It is taught what a text is like, and told each row's likelihood: it loses nothing to ML and finds more
// where rows say little.
TEST(MechanismLadder, the_inverter_that_learned_finds_no_less_than_likelihood) {
  const MechanismWorld& world = MechanismWorld::get();
  const AttackChoice choice{.attackers = {"ml", "sequence_inverter"}, .passes = 2, .threads = 2};
  for (const double mu : {5.0, 40.0, 160.0}) {
    const auto found = attack_rows(world.view(mu), world.documents, choice, never_stop);
    ASSERT_EQ(found[1].attacker, "sequence_inverter");
    EXPECT_GE(found[1].figures.top1, found[0].figures.top1 - 0.01) << "mu " << mu;
    if (mu == 5) {
      EXPECT_GT(found[1].figures.low, found[0].figures.high);
    }
  }
}

}  // namespace
}  // namespace splitwan::tests
