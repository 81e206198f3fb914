#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "analysis/attacks/attackers/learner.hh"
#include "analysis/attacks/exam/crossing.hh"
#include "analysis/attacks/exam/jobs.hh"

namespace splitwan::attacks {
namespace {

constexpr int width = 16, vocabulary = 40;
const Stop never = [] {
  one_thread_per_operation();  // as in a job
  return false;
};

// Activations that a token is written in: its own direction, and the next row's mixed in.
struct World {
  at::Tensor rows, labels;
  explicit World(std::int64_t count, std::uint64_t seed, double own = 1, double following = 0) {
    const at::Tensor table = at::empty({vocabulary, width}).normal_(0, 1, generator_of(77, 1));
    auto generator = generator_of(seed, 1);
    labels = at::empty({count}, at::kLong).random_(0, vocabulary, generator);
    rows = own * table.index_select(0, labels) + following * table.index_select(0, labels.roll(-1));
    rows = rows + at::empty_like(rows).normal_(0, 0.05, generator);
  }
};

double share_right(const Guesses& guesses, const at::Tensor& labels) {
  double hits = 0;
  for (std::size_t i = 0; i < guesses.size(); ++i)
    hits += guesses[i].front() == labels[static_cast<std::int64_t>(i)].item<std::int64_t>();
  return hits / static_cast<double>(guesses.size());
}

double trained_share(Network network, Training training, const World& lessons, const at::Tensor& labels,
                     const World& exam) {
  Learner learner(std::move(network), training, 1);
  learner.learn(lessons.rows, labels, never);
  return share_right(learner.guess(exam.rows), exam.labels);
}

TEST(AttackLearner, each_network_learns_what_its_rows_tell) {
  const World lessons(6400, 1), exam(320, 2);
  const Training rows{.pairs = 6400, .epochs = 10, .batch = 128}, windows{6400, 10, 128, 2e-3, true};
  EXPECT_GT(
      trained_share(row_mlp(width, vocabulary, generator_of(1, 5)), rows, lessons, lessons.labels, exam),
      0.95);
  EXPECT_GT(trained_share(published_mlp(width, vocabulary, generator_of(1, 5)), rows, lessons, lessons.labels,
                          exam),
            0.9);
  EXPECT_GT(trained_share(sequence_network(width, vocabulary, generator_of(1, 5)), windows, lessons,
                          lessons.labels, exam),
            0.9);
}

TEST(AttackLearner, only_the_sequence_network_sees_neighbours) {
  // The token is written in the row before only.
  const World lessons(12800, 1, 0, 1), exam(320, 2, 0, 1);
  const Training rows{.pairs = 12800, .epochs = 6, .batch = 128}, windows{12800, 20, 128, 2e-3, true};
  EXPECT_LT(
      trained_share(row_mlp(width, vocabulary, generator_of(1, 5)), rows, lessons, lessons.labels, exam),
      0.15);
  EXPECT_GT(trained_share(sequence_network(width, vocabulary, generator_of(1, 5)), windows, lessons,
                          lessons.labels, exam),
            0.6);
}

TEST(AttackLearner, windows_have_as_many_positions_as_they_are_given) {
  const World lessons(6000, 1, 0, 1), exam(89, 2, 0, 1);  // no multiple: the last window reaches back
  Training windows{6000, 12, 120, 2e-3, true};
  windows.positions = 12;
  EXPECT_GT(trained_share(sequence_network(width, vocabulary, 12, generator_of(1, 5)), windows, lessons,
                          lessons.labels, exam),
            0.6);
}

TEST(AttackLearner, evidence_says_what_rows_do_not) {
  // Rows tell all of a token but whether it is even, which the evidence tells: either alone finds half or
  // less.
  const auto told = [](const at::Tensor& labels) {
    const at::Tensor all = at::arange(vocabulary).unsqueeze(0);
    return ((all - labels.unsqueeze(1)).remainder(2) * -8).to(at::kFloat);
  };
  World lessons(6400, 1), exam(320, 2);
  for (World* w : {&lessons, &exam})
    w->rows = at::empty({vocabulary, width})
                  .normal_(0, 1, generator_of(77, 1))
                  .index_select(0, w->labels.div(2, "floor"));
  const Training rows{.pairs = 6400, .epochs = 10, .batch = 128};
  Learner with(row_mlp(width, vocabulary, generator_of(1, 5)), rows, 1);
  with.learn(lessons.rows, lessons.labels, never, told(lessons.labels));
  EXPECT_GT(share_right(with.guess(exam.rows, told(exam.labels)), exam.labels), 0.98);
  EXPECT_LT(share_right(with.guess(exam.rows), exam.labels), 0.7);
  EXPECT_LT(
      trained_share(row_mlp(width, vocabulary, generator_of(1, 5)), rows, lessons, lessons.labels, exam),
      0.7);
}

TEST(AttackLearner, shuffled_labels_teach_nothing) {
  const World lessons(6400, 1), exam(800, 2);
  const at::Tensor shuffled =
      lessons.labels.index_select(0, at::randperm(6400, generator_of(3, 1), at::kLong));
  const Training rows{.pairs = 6400, .batch = 128};
  const double share =
      trained_share(row_mlp(width, vocabulary, generator_of(1, 5)), rows, lessons, shuffled, exam);
  EXPECT_LT(share, 2.5 / vocabulary);  // tokens are uniform in this world
}

TEST(AttackLearner, the_same_seed_learns_the_same_to_the_bit_and_in_pieces) {
  const World lessons(1280, 1), exam(64, 2);
  const Training training{.pairs = 1280, .batch = 128};
  const auto guesses = [&](std::uint64_t seed) {
    Learner learner(row_mlp(width, vocabulary, generator_of(seed, 5)), training, seed);
    learner.learn(lessons.rows, lessons.labels, never);
    return learner.guess(exam.rows);
  };
  EXPECT_EQ(guesses(1), guesses(1));
  EXPECT_NE(guesses(1), guesses(2));
}

TEST(AttackLearner, stops_when_asked) {
  const World lessons(1280, 1);
  Learner learner(row_mlp(width, vocabulary, generator_of(1, 5)), {.pairs = 1280}, 1);
  EXPECT_THROW(learner.learn(lessons.rows, lessons.labels, [] { return true; }), Stopped);
}

}  // namespace
}  // namespace splitwan::attacks
