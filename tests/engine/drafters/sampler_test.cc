// Draws: their distribution, their filters, and that nothing but seed, path and logits decides them.
#include "engine/drafters/sampler.hh"

#include <gmock/gmock.h>

#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <numeric>

#include "engine/base/philox.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using Logits = std::vector<float>;

// Draws of one token each at positions 1 .. n.
std::vector<int> counts(const Sampling& sampling, const Logits& logits, int n, Token filler = 0) {
  const Sampler sampler(sampling);
  std::vector<int> found(logits.size());
  std::vector<Token> path;
  for (int i = 0; i < n; ++i) {
    path.push_back(filler);
    ++found[sampler.choose(logits, path)];
  }
  return found;
}

// The probability of a fit as bad as this one, by chance.
double p_value(const std::vector<int>& found, const std::vector<double>& expected) {
  const double n = std::accumulate(found.begin(), found.end(), 0.0);
  double sum = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    sum += std::pow(found[i] - n * expected[i], 2) / (n * expected[i]);
  const boost::math::chi_squared of(static_cast<double>(found.size() - 1));
  return boost::math::cdf(boost::math::complement(of, sum));
}

TEST(Philox, gives_the_published_known_answers) {  // Random123's kat_vectors
  EXPECT_EQ(philox(0, {}), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox(0xffffffffffffffff, {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox(0x299f31d0a4093822, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Sampling, at_temperature_zero_takes_the_best_and_of_equals_the_first) {
  EXPECT_EQ(Sampler().choose(Logits{1, 3, 3, 2}, {}), 1);
}

TEST(Sampling, draws_as_often_as_the_probabilities_say) {
  const Logits logits{0.f, 1.f, -1.f, 0.5f, 2.f};
  for (const double temperature : {0.5, 1.0, 2.0}) {
    std::vector<double> expected;
    expected.reserve(logits.size());
    for (const float l : logits) expected.push_back(std::exp(l / temperature));
    const double sum = std::accumulate(expected.begin(), expected.end(), 0.0);
    for (double& e : expected) e /= sum;
    EXPECT_GT(p_value(counts({.temperature = temperature, .seed = 7}, logits, 100000), expected), 1e-3);
    std::swap(expected[0], expected[4]);  // the test would notice
    EXPECT_LT(p_value(counts({.temperature = temperature, .seed = 7}, logits, 100000), expected), 1e-6);
  }
}

TEST(Sampling, filters_keep_what_their_definitions_say) {
  const Logits logits{std::log(0.5f), std::log(0.25f), std::log(0.15f), std::log(0.1f)};
  const auto kept = [&](Sampling s) {
    s.temperature = 1;
    std::vector<int> which;
    const auto found = counts(s, logits, 4000);
    for (std::size_t i = 0; i < found.size(); ++i)
      if (found[i] > 0) which.push_back(static_cast<int>(i));
    return which;
  };
  EXPECT_EQ(kept({}), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(kept({.top_k = 2}), (std::vector<int>{0, 1}));
  EXPECT_EQ(kept({.top_p = 0.74}), (std::vector<int>{0, 1}));
  EXPECT_EQ(kept({.top_p = 0.76}), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(kept({.min_p = 0.26}), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(kept({.top_k = 3, .top_p = 0.7}), (std::vector<int>{0, 1}));
}

TEST(Sampling, drafters_may_drop_the_unlikely_and_keep_the_scores_of_the_others) {
  const Sampler sampler({.temperature = 1});
  const Logits logits{0, std::log(0.5f), std::log(0.01f), std::log(0.002f)};
  std::vector<float> all, likely;
  sampler.scores(logits, std::vector<Token>{1, 2}, all);
  sampler.scores(logits, std::vector<Token>{1, 2}, likely, 0.005);
  EXPECT_FLOAT_EQ(likely[0], all[0] + std::log(1.512f / 1.51f));  // of what is left
  EXPECT_TRUE(std::isfinite(likely[2]));
  EXPECT_TRUE(std::isinf(likely[3]));
}

TEST(Sampling, penalty_looks_at_the_path_alone) {
  const Sampler sampler({.repetition_penalty = 2});
  const Logits logits{3, 2, -1, -1.5f};
  EXPECT_EQ(sampler.choose(logits, std::vector<Token>{2}), 0);
  EXPECT_EQ(sampler.choose(logits, std::vector<Token>{0}), 1);
  std::vector<float> scores;
  sampler.scores(logits, std::vector<Token>{0, 0, 3}, scores);
  EXPECT_EQ(scores, (Logits{1.5f, 2, -1, -3}));
}

TEST(Sampling, depends_on_seed_and_position_but_not_on_what_was_drawn_before) {
  const Logits flat(50, 0.f);
  const std::vector<Token> a(10, 1), b(10, 2), longer(11, 1);
  const Sampler one({.temperature = 1, .seed = 1}), two({.temperature = 1, .seed = 2});
  EXPECT_EQ(one.choose(flat, a), one.choose(flat, b));
  int moved = 0, reseeded = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Sampler s({.temperature = 1, .seed = seed}), t({.temperature = 1, .seed = seed + 1000});
    moved += s.choose(flat, a) != s.choose(flat, longer);
    reseeded += s.choose(flat, a) != t.choose(flat, a);
  }
  EXPECT_GT(moved, 40);
  EXPECT_GT(reseeded, 40);
}

TEST(Sampling, options_out_of_range_are_named) {
  const auto error = [](const Sampling& s) { return tests::error_of([&] { check(s); }); };
  EXPECT_THAT(error({.temperature = -1}), HasSubstr("temperature -1: expected 0 (greedy) to 100"));
  EXPECT_THAT(error({.temperature = std::nan("")}), HasSubstr("temperature nan"));
  EXPECT_THAT(error({.temperature = 1e-40}), HasSubstr("above 0 at least 1e-6"));
  EXPECT_THAT(error({.top_k = -1}), HasSubstr("top_k"));
  EXPECT_THAT(error({.top_p = 0}), HasSubstr("top_p 0: expected above 0"));
  EXPECT_THAT(error({.min_p = 2}), HasSubstr("min_p"));
  EXPECT_THAT(error({.repetition_penalty = 0}), HasSubstr("repetition_penalty"));
  EXPECT_THAT(error({.repetition_penalty = 1e-300}), HasSubstr("0.01 to 100"));
}

}  // namespace
}  // namespace splitwan::engine
