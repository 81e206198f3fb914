// Where attacks must end up: without noise at every distinct latent, in nothing but noise at the prior.
#include <gmock/gmock.h>

#include <boost/math/distributions/beta.hpp>

#include "analysis/attacks/mechanism/cosine.hh"
#include "tests/fixtures/mechanism_fixture.hh"

namespace splitwan::tests {
namespace {

using namespace attacks;

// Every token once, the first (known) one apart.
Text whole_vocabulary(const Knowledge& knowledge) {
  Text text{{knowledge.first()}, {}};
  for (const Token t : knowledge.tokens()) text.ids.push_back(t);
  return text;
}

at::Tensor latents_of(const MechanismWorld& world) {
  const at::Tensor encoder =
      at::tensor(world.maps->encoder).view({world.maps->width, world.maps->model_width});
  return at::linear(world.knowledge.embedding(), encoder).clamp(-0.05, 0.05).to(at::kDouble);
}

TEST(MechanismLimits, every_distinct_latent_is_recovered_where_there_is_hardly_any_noise) {
  const MechanismWorld& world = MechanismWorld::get();
  MechanismView view = world.view(1e4);
  view.mechanism.binomial.bits = 16;
  const double deviation =
      view.mechanism.binomial.scale() / std::sqrt(double(view.mechanism.binomial.rounds()));
  // Two latents are told apart for sure where half their distance is 8 deviations.
  const at::Tensor latents = latents_of(world);
  at::Tensor apart = at::cdist(latents, latents);
  apart.fill_diagonal_(1e9);
  const at::Tensor distinct = apart.amin({1}) > 16 * deviation;
  const auto count = distinct.sum().item<std::int64_t>();
  std::printf("%ld of %d latents are distinct\n", static_cast<long>(count), world.knowledge.vocabulary());
  EXPECT_GT(count, world.knowledge.vocabulary() * 8 / 10);
  const Scene scene(view);
  const Sent sent = scene.send(whole_vocabulary(world.knowledge), 0);
  for (const char* name : {"ml", "map_unigram"}) {
    const Guesses guesses = row_attacker(name).make(scene, {}, never_stop)->recover(sent, never_stop);
    std::int64_t missed = 0;
    for (std::int64_t t = 0; t < world.knowledge.vocabulary(); ++t)
      missed += distinct[t].item<bool>() && guesses[static_cast<std::size_t>(t)].front() != t;
    EXPECT_EQ(missed, 0) << name;
  }
}

TEST(MechanismLimits, in_nothing_but_noise_blind_attackers_find_one_in_the_vocabulary) {
  const MechanismWorld& world = MechanismWorld::get();
  const Text text = whole_vocabulary(world.knowledge);
  for (const char* name : {"cosine", "ml"}) {
    double hits = 0, all = 0;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      const Scene scene(world.view(0.01, seed));
      const Guesses guesses =
          row_attacker(name).make(scene, {}, never_stop)->recover(scene.send(text, 0), never_stop);
      for (std::size_t i = 0; i < guesses.size(); ++i) hits += guesses[i].front() == text.ids[i + 1], ++all;
    }
    // Clopper and Pearson's interval of 99.9 %.
    using Beta = boost::math::beta_distribution<>;
    const double low = hits == 0 ? 0 : quantile(Beta(hits, all - hits + 1), 0.0005),
                 high = quantile(Beta(hits + 1, all - hits), 0.9995),
                 blind = 1.0 / world.knowledge.vocabulary();
    EXPECT_LE(low, blind) << name;
    EXPECT_GE(high, blind) << name;
  }
}

TEST(MechanismLimits, in_nothing_but_noise_the_posterior_is_the_prior) {
  const MechanismWorld& world = MechanismWorld::get();
  const auto mode = static_cast<Token>(world.knowledge.log_unigram().argmax().item<std::int64_t>());
  double hits = 0, all = 0;
  for (const Text& text : world.documents)
    for (std::size_t i = 1; i < text.ids.size(); ++i) hits += text.ids[i] == mode, ++all;
  for (const char* kind : {"binomial", "gaussian"}) {
    MechanismView view = world.view(0.01);
    view.mechanism.kind = kind;
    const auto found = attack_rows(view, world.documents, {.attackers = {"map_unigram"}}, never_stop);
    EXPECT_NEAR(found.front().figures.top1, hits / all, 1e-12) << kind;
  }
}

}  // namespace
}  // namespace splitwan::tests
