// The teacher's cached, many-at-a-time decoding against the trainer's own full forward pass.
#include "scenarios/train/teacher.hh"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "scenarios/train/state.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::tests {
namespace {

using scenarios::Opening;
using scenarios::Passages;
using scenarios::Teacher;

class TeacherText : public ::testing::Test {
 protected:
  TeacherText() { write_random_model(folder_.string()); }

  // What the full forward pass makes of the passages: [count * context, vocabulary].
  at::Tensor logits_of(const Teacher& teacher, const Passages& p) const {
    scenarios::Windows windows;
    for (int i = 0; i < p.count; ++i) {
      const auto from = p.ids.begin() + std::ptrdiff_t{i} * (p.context + 1);
      windows.inputs.insert(windows.inputs.end(), from, from + p.context);
    }
    windows.count = p.count;
    const at::Tensor weights = scenarios::read_weights(folder_.string(), teacher.config());
    return scenarios::Replica(teacher.config(), weights).logits(windows, 0, p.count).detach();
  }

  TemporaryFolder folder_;
};

TEST_F(TeacherText, features_times_the_head_are_the_models_logits_at_every_position) {
  const Teacher teacher(folder_.string());
  const Passages p =
      teacher.write(std::vector<Opening>{{{1, 5, 9}}, {{1}, 1.0, 3}, {{1, 7, 7, 7, 2, 40}, 0.5, 4}}, 40);
  const at::Tensor expected = logits_of(teacher, p);
  const at::Tensor actual =
      at::linear(p.features.to(at::kFloat).view({-1, teacher.config().width}), teacher.head());
  EXPECT_LT((actual - expected).abs().max().item<float>(), 5e-3 * expected.abs().max().item<float>())
      << "f16 features";
}

TEST_F(TeacherText, greedy_continues_with_the_most_likely_token) {
  const Teacher teacher(folder_.string());
  const Passages p = teacher.write(std::vector<Opening>{{{1, 5, 9}}, {{1, 30}}, {{1, 8}}}, 10);
  const at::Tensor best = logits_of(teacher, p).argmax(1).view({3, 10});
  for (int i = 0; i < 3; ++i) {
    for (int t = p.given[i]; t <= 10; ++t) {
      EXPECT_EQ(p.ids[i * 11 + t], best[i][t - 1].item<std::int64_t>()) << "passage " << i << ", token " << t;
    }
  }
}

TEST_F(TeacherText, samples_in_proportion_to_the_probabilities) {
  const Teacher teacher(folder_.string());
  constexpr int draws = 4000;
  std::vector<Opening> openings;
  openings.reserve(draws);
  for (int i = 0; i < draws; ++i) openings.push_back({{1, 12}, 0.7, static_cast<std::uint64_t>(i)});
  const Passages p = teacher.write(openings, 2);
  const Passages one = teacher.write(std::span(openings).first(1), 2);
  const at::Tensor probabilities = (logits_of(teacher, one)[1] / 0.7).softmax(0);
  std::vector<int> counts(teacher.config().vocabulary);
  for (int i = 0; i < draws; ++i) ++counts[p.ids[i * 3 + 2]];
  for (std::size_t id = 0; id < counts.size(); ++id) {
    const double expected = draws * probabilities[static_cast<std::int64_t>(id)].item<float>();
    EXPECT_NEAR(counts[id], expected, 4.5 * std::sqrt(expected) + 2) << "token " << id;
  }
}

TEST_F(TeacherText, leaves_the_circles_that_greedy_decoding_ends_in) {
  const Teacher teacher(folder_.string());
  const Passages p = teacher.write(std::vector<Opening>{{{1, 5}}, {{1, 6}}, {{1, 7}}, {{1, 8}}}, 240);
  int longest = 0;  // run of 4-grams that the passage had before
  for (int i = 0; i < p.count; ++i) {
    std::set<std::vector<int>> seen;
    int run = 0;
    for (int t = 0; t + 4 <= 241; ++t) {
      const auto* gram = p.ids.data() + i * 241 + t;
      run = seen.insert({gram, gram + 4}).second ? 0 : run + 1;
      longest = std::max(longest, run);
    }
  }
  EXPECT_GE(longest, 8) << "it did go in circles";
  EXPECT_LE(longest, 60) << "of the 240 that are left when it cannot leave them";
}

}  // namespace
}  // namespace splitwan::tests
