// What attackers know of mechanisms: likelihoods against sums over outcomes, draws against the mechanisms'
// own code, baselines against their accounts.
#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "analysis/attacks/mechanism/binomial_channel.hh"
#include "analysis/attacks/mechanism/cosine.hh"
#include "analysis/attacks/mechanism/gaussian_channel.hh"
#include "analysis/attacks/mechanism/rantext_channel.hh"
#include "engine/base/json_file.hh"
#include "engine/privacy/accountant.hh"
#include "engine/privacy/binomial_rows.hh"
#include "tests/fixtures/mechanism_fixture.hh"

namespace splitwan::tests {
namespace {

using namespace attacks;
using engine::Json;

// Latents are the rows themselves.
Maps identity(int width) {
  const at::Tensor one = at::eye(width).contiguous();
  const std::vector<float> values(one.data_ptr<float>(), one.data_ptr<float>() + one.numel());
  return std::make_shared<engine::Projection>(engine::Projection{width, width, values, values});
}

at::Tensor rows_of(const Json& lists) {
  at::Tensor out = at::empty(
      {static_cast<std::int64_t>(lists.size()), static_cast<std::int64_t>(lists[0].size())}, at::kFloat);
  for (std::size_t i = 0; i < lists.size(); ++i)
    for (std::size_t j = 0; j < lists[i].size(); ++j)
      out[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(j)] = lists[i][j].get<double>();
  return out;
}

// Every outcome of one row of four counts to 3.
at::Tensor all_counts(int rounds, int width) {
  std::int64_t count = 1;
  for (int i = 0; i < width; ++i) count *= rounds + 1;
  at::Tensor out = at::empty({count, width}, at::kLong);
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t j = 0, rest = i; j < width; ++j, rest /= rounds + 1) out[i][j] = rest % (rounds + 1);
  return out;
}

// ln P(counts | latent), binomial coefficients and all.
double log_pmf(const engine::BinomialSpec& spec, const at::Tensor& counts, const at::Tensor& latent) {
  double sum = 0;
  for (std::int64_t j = 0; j < counts.size(0); ++j)
    sum += std::log(
        spec.counts(latent[j].item<float>())[static_cast<std::size_t>(counts[j].item<std::int64_t>())]);
  return sum;
}

TEST(MechanismChannel, attackers_of_the_fixture_s_five_tokens_find_what_the_sum_over_all_outcomes_says) {
  const Json f =
      engine::read_json_file(SPLITWAN_SOURCE_DIR "/tests/fixtures/binomial_dp.json")["latent_map_attack"];
  const engine::BinomialSpec spec{3, 2, 4, 0.05};
  ASSERT_NEAR(spec.scale(), f["A"].get<double>(), 1e-12);
  const BinomialChannel channel(spec, identity(4));
  const at::Tensor latents = rows_of(f["latents"]), outcomes = all_counts(3, 4);
  const at::Tensor likelihood = channel.log_likelihood(outcomes, channel.candidates({latents, {}}));
  const at::Tensor log_prior = at::tensor(f["prior"].get<std::vector<double>>(), at::kDouble).log();
  const at::Tensor chance = likelihood.clone();
  for (std::int64_t k = 0; k < outcomes.size(0); ++k)
    for (std::int64_t v = 0; v < latents.size(0); ++v)
      chance[k][v] = std::exp(log_pmf(spec, outcomes[k], latents[v]));
  ASSERT_NEAR(chance.sum().item<double>(), 5, 1e-9);
  const auto accuracy = [&](const at::Tensor& scores) {
    const at::Tensor joint = chance * log_prior.exp();
    return joint.gather(1, scores.argmax(1, true)).sum().item<double>();
  };
  const Json& expected = f["expected_accuracy"];
  EXPECT_NEAR(accuracy(likelihood), expected["ml"].get<double>(), 1e-9);
  EXPECT_NEAR(accuracy(likelihood + log_prior), expected["map"].get<double>(), 1e-9);
  // Cosines tie in some outcomes, where rounding decides: the fixture's figure lies between the best and the
  // worst luck, and so does ours.
  const at::Tensor cosine = cosines(channel.decoded(outcomes), channel.undisturbed(latents)).to(at::kDouble);
  const at::Tensor tied = cosine > cosine.amax({1}, true) - 1e-5, joint = chance * log_prior.exp();
  const double most = (joint.where(tied, at::zeros_like(joint))).amax({1}).sum().item<double>(),
               least = (joint.where(tied, at::ones_like(joint))).amin({1}).sum().item<double>();
  EXPECT_LT(most - least, 0.02);
  for (const double figure : {accuracy(cosine), expected["cosine"].get<double>()}) {
    EXPECT_GE(figure, least - 1e-9);
    EXPECT_LE(figure, most + 1e-9);
  }
}

TEST(MechanismChannel, likelihood_is_the_sum_of_log_probabilities_but_for_a_row_s_constant) {
  for (const double mu : {0.01, 3.0, 10000.0}) {
    const engine::BinomialSpec spec{mu, 4, 6, 0.05};
    const BinomialChannel channel(spec, identity(6));
    const at::Tensor latents = at::empty({5, 6}).uniform_(-0.06, 0.06, generator_of(1, 1));
    const at::Tensor counts = channel.draw({latents, {}}, 7);
    const at::Tensor found = channel.log_likelihood(counts, channel.candidates({latents, {}}));
    for (std::int64_t k = 0; k < 5; ++k) {
      const double constant = found[k][0].item<double>() - log_pmf(spec, counts[k], latents[0]);
      for (std::int64_t v = 1; v < 5; ++v)
        EXPECT_NEAR(found[k][v].item<double>() - log_pmf(spec, counts[k], latents[v]), constant, 1e-9)
            << "mu " << mu;
    }
  }
}

TEST(MechanismChannel, counts_are_those_that_a_client_sends) {
  const MechanismWorld& world = MechanismWorld::get();
  const auto view = world.view(5);
  const BinomialChannel channel(view.mechanism.binomial, world.maps);
  const auto tokens = std::span(world.knowledge.tokens()).first(20);
  const at::Tensor rows = world.knowledge.embedding().narrow(0, 0, 20).contiguous();
  const at::Tensor counts = channel.draw({rows, tokens}, 11);
  const engine::BinomialRows client(view.mechanism.binomial, world.maps);
  engine::RandomBits bits(11);
  engine::Bytes packed(client.row_bytes());
  std::vector<float> read(128);
  const at::Tensor decoded = channel.decoded(counts);
  for (std::int64_t i = 0; i < 20; ++i) {
    client.draw({rows.data_ptr<float>() + i * 128, 128}, bits, packed);
    client.read(packed, read);
    EXPECT_LT((decoded[i] - at::tensor(read)).abs().max().item<double>(), 1e-5);
  }
}

TEST(MechanismChannel, the_gaussian_gives_its_worst_pair_the_binomial_s_exact_epsilon) {
  for (const double mu : {0.1, 1.0, 5.0, 20.0, 100.0}) {
    const engine::BinomialSpec spec{mu, 4, 32, 0.05};
    const double epsilon = engine::Accountant(spec.row_rounds(), spec.corner()).epsilon(1e-5),
                 diagonal = 2 * 0.05 * std::sqrt(32.0), deviation = gaussian_deviation(spec, 1e-5);
    EXPECT_NEAR(engine::gaussian_epsilon(diagonal / deviation, 1e-5), epsilon, 1e-6 * (1 + epsilon));
  }
  const GaussianChannel channel(0.02, 0.05, identity(3));
  const at::Tensor latents = at::empty({4, 3}).uniform_(-0.05, 0.05, generator_of(2, 1));
  const at::Tensor seen = channel.draw({latents, {}}, 3);
  const at::Tensor found = channel.log_likelihood(seen, channel.candidates({latents, {}}));
  const at::Tensor direct = -0.5 * (at::cdist(seen.to(at::kDouble), latents.to(at::kDouble)) / 0.02).square();
  const at::Tensor off = found - direct;
  EXPECT_LT((off - off.narrow(1, 0, 1)).abs().max().item<double>(), 1e-9);
}

TEST(MechanismChannel, rantext_s_exchanges_add_up_to_1_and_keep_their_stated_bound) {
  const at::Tensor embedding = MechanismWorld::get().knowledge.embedding().narrow(0, 300, 200).contiguous();
  const std::vector<Token> some = {5, 17, 30, 91, 199};
  std::vector<Token> all(200);
  std::iota(all.begin(), all.end(), 0);
  const double widest = at::cdist(embedding, embedding).max().item<float>();
  for (const double epsilon : {0.5, 1.0, 6.0, 18.0}) {
    const Rantext channel(embedding, epsilon);
    engine::RandomBits bits(1);
    const double drawn = channel.radius(bits);
    for (const double radius : {drawn, widest / 2, 2 * widest}) {
      const at::Tensor p = channel.transition(some, radius);
      EXPECT_LT((p.sum(1) - 1).abs().max().item<double>(), 1e-12);
      const at::Tensor listed = p.where(p > 0, at::full_like(p, 2));
      EXPECT_LE((p.amax({1}) / listed.amin({1})).log().max().item<double>(), epsilon / 2 + 1e-9);
      if (radius < widest) continue;  // lists of everything: any result under any two tokens
      EXPECT_LE((p.amax({0}) / p.amin({0})).log().max().item<double>(), epsilon + 1e-9);
    }
    // Over the radii, of every result, the sum over results being 1 for each token.
    const at::Tensor log_p = channel.log_probability(all);
    EXPECT_LT((log_p.exp().sum(0) - 1).abs().max().item<double>(), 1e-9) << "epsilon " << epsilon;
  }
}

TEST(MechanismChannel, rantext_draws_as_its_likelihood_says) {
  const at::Tensor embedding = MechanismWorld::get().knowledge.embedding().narrow(0, 300, 40).contiguous();
  const Rantext channel(embedding, 18);
  const std::vector<Token> same(20000, 7);
  const at::Tensor seen = channel.draw({{}, same}, 5).flatten();
  std::vector<Token> all(40);
  std::iota(all.begin(), all.end(), 0);
  const at::Tensor p = channel.log_probability(all).exp().select(1, 7);
  const at::Tensor expected = p * 20000, count = seen.bincount({}, 40).to(at::kDouble);
  // Chi-square of 39 degrees of freedom: 73.4 is passed by one in 1,000.
  EXPECT_LT(((count - expected).square() / expected.clamp_min(1e-9)).sum().item<double>(), 73.4);
}

TEST(MechanismChannel, refusals_name_the_key) {
  const MechanismWorld& world = MechanismWorld::get();
  const auto refusal = [&](const MechanismView& view) { return error_of([&] { Scene{view}; }); };
  EXPECT_EQ(refusal({world.knowledge, 0, nullptr, {}}),
            "mechanism 'binomial': expected an encoder and a decoder, found none");
  EXPECT_EQ(refusal({world.knowledge, 0, world.maps, {}}),
            "width: expected 32, as the encoder and decoder have, found 128");
  EXPECT_EQ(refusal({world.knowledge, 12, world.maps, {.binomial = {1, 4, 32}}}),
            "depth: expected 0 to 11, found 12");
  EXPECT_EQ(refusal({world.knowledge, 0, world.maps, {.kind = "laplace"}}),
            "mechanism: expected one of binomial, gaussian, rantext, none, int4, int8, found 'laplace'");
  EXPECT_EQ(error_of([&] { with_strength({.kind = "none"}, 1); }),
            "mechanism 'none': expected one that is stronger or weaker as asked, found one that is as it is");
}

}  // namespace
}  // namespace splitwan::tests
