// The search over whole texts, on a small random model.
#include <gmock/gmock.h>

#include "analysis/attacks/mechanism/beam.hh"
#include "tests/fixtures/attacks/attacked_model.hh"
#include "tests/fixtures/mechanism_fixture.hh"

namespace splitwan::tests {
namespace {

using namespace attacks;

constexpr int everything = 96;  // the model's vocabulary

struct Small {
  AttackedModel model;
  Knowledge knowledge{*model.pieces, {.texts = 4, .tokens = 32}};
  std::vector<Text> texts = sample_texts(*model.pieces, 100, 6, 16, 9);

  MechanismView view(int depth, double mu) const {
    const std::array layers = {depth};
    return {knowledge,
            depth,
            principal_maps(states(*model.pieces, knowledge.texts(), layers).front(), 8, 0.05, 1),
            {.binomial = {mu, 4, 8, 0.05}}};
  }
  // Of a whole text, by a forward pass of its own.
  double joint(const Scene& scene, const Sent& sent, const std::vector<Token>& tokens) const {
    Session session(*model.pieces, 4);
    session.begin(chain(tokens.size()));
    const at::Tensor prior = at::log_softmax(
        model.pieces->logits(session.through(model.pieces->embed(tokens), 0, 4)).to(at::kDouble), 1);
    double sum = 0;
    for (std::size_t i = 1; i < tokens.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      const at::Tensor of = scene.log_likelihood(sent, row, std::span(tokens).first(i));
      sum += (prior[row - 1][tokens[i]] + of[tokens[i]]).item<double>();
    }
    return sum;
  }
};

class Beam : public testing::TestWithParam<int> {};

TEST_P(Beam, of_one_takes_the_best_next_token_each_time) {
  const Small small;
  const Scene scene(small.view(GetParam(), 4));
  const Sent sent = scene.send(small.texts[0], 0);
  std::vector<Token> greedy{sent.first};
  for (std::int64_t row = 1; row < sent.rows(); ++row) {
    Session session(*small.model.pieces, 4);
    session.begin(chain(greedy.size()));
    const at::Tensor logits =
        small.model.pieces->logits(session.through(small.model.pieces->embed(greedy), 0, 4));
    const at::Tensor prior = at::log_softmax(logits[logits.size(0) - 1].to(at::kDouble), 0);
    greedy.push_back(
        static_cast<Token>((prior + scene.log_likelihood(sent, row, greedy)).argmax().item<std::int64_t>()));
  }
  EXPECT_EQ(beam_search(scene, sent, 1, everything, never_stop).front().tokens, greedy);
}

TEST_P(Beam, scores_a_text_by_its_whole_posterior_and_wider_ones_find_better_over_all) {
  const Small small;
  const Scene scene(small.view(GetParam(), 4));
  double before = -1e300;
  for (const int beam : {1, 4, 16}) {
    double sum = 0;
    for (std::size_t i = 0; i < small.texts.size(); ++i) {
      const Sent sent = scene.send(small.texts[i], i);
      const auto all = beam_search(scene, sent, beam, everything, never_stop);
      ASSERT_EQ(static_cast<int>(all.size()), beam);
      EXPECT_NEAR(all.front().score, small.joint(scene, sent, all.front().tokens), 1e-5);
      for (std::size_t h = 1; h < all.size(); ++h) EXPECT_LE(all[h].score, all[h - 1].score);
      sum += all.front().score;
    }
    // Of one text a wider beam may lose what a narrower one found.
    EXPECT_GT(sum, before) << "beam " << beam;
    before = sum;
  }
}

TEST_P(Beam, recovers_texts_that_hardly_any_noise_hides) {
  const Small small;
  auto view = small.view(GetParam(), 1e4);
  view.mechanism.binomial.bits = 16;
  AttackChoice choice{.attackers = {"ml", "map_unigram", "map_lm"}, .beam = 4, .shortlist = 16};
  for (const auto& r : attack_rows(view, small.texts, choice, never_stop))
    EXPECT_EQ(r.figures.top1, 1) << r.attacker;
  for (const char* kind : {"none", "int8"}) {
    view.mechanism.kind = kind;
    for (const auto& r : attack_rows(view, small.texts, choice, never_stop))
      EXPECT_EQ(r.figures.top1, 1) << kind << ", " << r.attacker;
  }
}

INSTANTIATE_TEST_SUITE_P(Depths, Beam, testing::Values(0, 2));

TEST(BeamChoice, finds_the_same_on_any_number_of_threads_and_stops_when_told) {
  const Small small;
  AttackChoice choice{.attackers = {"ml", "map_lm", "posterior_lm"}, .beam = 4, .particles = 8};
  const auto one = attack_rows(small.view(1, 4), small.texts, choice, never_stop);
  choice.threads = 2;
  const auto two = attack_rows(small.view(1, 4), small.texts, choice, never_stop);
  ASSERT_EQ(one.size(), 3u);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].figures.top1, two[i].figures.top1);
  EXPECT_THROW(attack_rows(small.view(1, 4), small.texts, choice, [] { return true; }), Stopped);
  choice.shortlist = 2;
  EXPECT_EQ(error_of([&] { attack_rows(small.view(1, 4), small.texts, choice, never_stop); }),
            "beam: expected 1 or more, and a shortlist of as many, found 4 and 2");
}

}  // namespace
}  // namespace splitwan::tests
