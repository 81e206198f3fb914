#include <gtest/gtest.h>

#include <cmath>

#include "analysis/attacks/exam/metrics.hh"

namespace splitwan::attacks {
namespace {

Truth truth_of(std::vector<Token> tokens) {
  const std::size_t n = tokens.size();
  return {std::move(tokens), std::vector<bool>(n), std::vector<bool>(n), std::vector<bool>(n), {}};
}

TEST(AttackMetrics, rouge_l_is_the_f1_of_the_longest_common_subsequence) {
  EXPECT_DOUBLE_EQ(rouge_l({1, 2, 3, 4}, {1, 2, 3, 4}), 1);
  EXPECT_DOUBLE_EQ(rouge_l({1, 2, 3, 4}, {9, 2, 8, 4}), 0.5);
  EXPECT_DOUBLE_EQ(rouge_l({1, 2, 3, 4}, {4, 3, 2, 1}), 0.25);
  EXPECT_DOUBLE_EQ(rouge_l({1, 2, 3}, {2, 3, 1, 9, 9}), 0.5);  // 2 of 3 and of 5
}

TEST(AttackMetrics, bleu_is_the_geometric_mean_of_clipped_ngram_precisions) {
  EXPECT_NEAR(bleu({{1, 2, 3, 4, 5}}, {{1, 2, 3, 4, 5}}), 1, 1e-12);
  EXPECT_EQ(bleu({{1, 2, 3, 4, 5}}, {{5, 4, 3, 2, 1}}), 0);
  // 1-grams 5/6, 2-grams 4/5, 3-grams 3/4, 4-grams 2/3.
  EXPECT_NEAR(bleu({{1, 2, 3, 4, 5, 6}}, {{1, 2, 3, 4, 5, 9}}),
              std::pow(5. / 6 * 4 / 5 * 3 / 4 * 2 / 3, 0.25), 1e-12);
  EXPECT_EQ(bleu({{1, 2, 3, 4}}, {{1, 1, 1, 1}}), 0);  // clipped: one hit, no pair
}

TEST(AttackMetrics, kinds_of_tokens_and_ranks_are_counted_apart) {
  Truth t = truth_of({10, 11, 12, 13});
  t.digit[0] = t.digit[1] = t.name[1] = true;
  t.rejected = {7, 8};
  const Recovered r{{{10, 1}, {1, 11}, {12, 1}, {1, 2}}, {{7}, {9}}};
  const Figures f = measure({t}, {r}, 1);
  EXPECT_DOUBLE_EQ(f.top1, 0.5);
  EXPECT_DOUBLE_EQ(*f.top5, 0.75);
  EXPECT_DOUBLE_EQ(*f.digits, 0.5);
  EXPECT_DOUBLE_EQ(*f.names, 0);
  EXPECT_FALSE(f.rare);
  EXPECT_DOUBLE_EQ(*f.rejected, 0.5);
  EXPECT_DOUBLE_EQ(f.exact, 0);
  EXPECT_EQ(f.tokens, 4u);
}

TEST(AttackMetrics, the_interval_is_of_documents_not_of_tokens) {
  // Half of the documents are recovered whole, half not at all: the tokens of one say nothing new.
  std::vector<Truth> truth;
  std::vector<Recovered> recovered;
  for (int d = 0; d < 20; ++d) {
    truth.push_back(truth_of(std::vector<Token>(100, 5)));
    recovered.push_back({Guesses(100, {d % 2 ? 5 : 6}), {}});
  }
  const Figures f = measure(truth, recovered, 1);
  EXPECT_DOUBLE_EQ(f.top1, 0.5);
  EXPECT_DOUBLE_EQ(f.exact, 0.5);
  // Standard error sqrt(0.25 / 20) = 0.112; 90 %: +-1.645 of it.
  EXPECT_NEAR(f.low, 0.5 - 0.184, 0.05);
  EXPECT_NEAR(f.high, 0.5 + 0.184, 0.05);
  EXPECT_EQ(measure(truth, recovered, 1).low, f.low);
}

}  // namespace
}  // namespace splitwan::attacks
