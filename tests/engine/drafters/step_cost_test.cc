#include "engine/drafters/step_cost.hh"

#include <gmock/gmock.h>

#include "engine/drafters/row_odds.hh"

namespace splitwan::engine {
namespace {

using testing::DoubleNear;

// A link and a machine: 500 bytes a row, 10 Mbit/s each way.
StepTimes step(double rows, double flights, double noise = 0) {
  return {.rows = rows,
          .bytes_up = 500 * rows,
          .bytes_down = 500 * rows,
          .network_s = 0.08 * (2 * flights - 1) + 1000 * rows * 8e-7 + noise,
          .work_s = 0.004 + 0.0005 * rows,
          .flights = static_cast<int>(flights)};
}

TEST(StepCost, learns_rtt_and_work_per_row_from_steps_of_several_widths) {
  StepCost cost;
  for (int i = 0; i < 12; ++i) cost.learn(step(1 + 5 * (i % 4), 1));
  EXPECT_THAT(cost.rtt_s(), DoubleNear(0.08, 0.002));
  EXPECT_THAT(cost.row_s(), DoubleNear(0.0005, 0.0001));
  for (const int rows : {1, 8, 20})
    EXPECT_THAT(cost.seconds(rows), DoubleNear(0.08 + 0.0008 * rows + 0.004 + 0.0005 * rows, 0.004)) << rows;
}

TEST(StepCost, takes_rows_that_it_has_not_tried_for_as_dear_as_the_first_one) {
  StepCost cost;
  cost.learn({.rows = 1, .work_s = 0.01});
  EXPECT_THAT(cost.seconds(4), DoubleNear(0.04, 1e-9));
}

TEST(StepCost, counts_a_round_trip_for_every_further_flight) {
  StepCost cost;
  for (int i = 0; i < 6; ++i) cost.learn(step(1 + i, 1));
  EXPECT_EQ(cost.flights(28), 1);  // 14,000 of the 14,480 bytes of ten segments
  EXPECT_EQ(cost.flights(30), 2);
  EXPECT_GT(cost.seconds(30) - cost.seconds(28), 0.15) << "one each way";
}

TEST(StepCost, sees_the_window_shrink_and_grow) {
  StepCost cost;
  for (int i = 0; i < 4; ++i) cost.learn(step(4, 1));
  cost.learn(step(16, 2));  // 8,000 bytes took two
  EXPECT_EQ(cost.flights(16), 2);
  cost.learn(step(60, 1));  // 30,000 took one
  EXPECT_EQ(cost.flights(60), 1);
}

TEST(StepCost, tells_flights_by_time_where_the_transport_does_not) {
  StepCost cost;
  for (int i = 0; i < 6; ++i) cost.learn(step(4, 1));
  EXPECT_EQ(cost.flights(16), 1);
  StepTimes wide = step(16, 2);
  wide.flights = 0;
  cost.learn(wide);
  EXPECT_EQ(cost.flights(16), 2);
}

TEST(StepCost, is_not_thrown_by_one_slow_step) {
  StepCost cost;
  for (int i = 0; i < 10; ++i) cost.learn(step(1 + i % 3, 1));
  const double before = cost.seconds(1);
  cost.learn(step(1, 1, 2.0));  // a retransmission
  EXPECT_THAT(cost.seconds(1), DoubleNear(before, 0.1 * before));
}

TEST(RowOdds, is_the_share_of_each_row_of_the_tree_that_the_text_took) {
  RowOdds odds(0);
  TokenBatch tree{{5, 6, 7, 9}, {-1, 0, 1, 0}};  // 5 -> 6 -> 7, or 9
  const std::vector<Token> first = {6, 7, 1}, second = {9, 1}, third = {6, 1};
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(odds.judge(tree, first));
    EXPECT_TRUE(odds.judge(tree, second));
    EXPECT_TRUE(odds.judge(tree, third));
  }
  EXPECT_NEAR(odds.tokens(1), 1, 1e-9);
  EXPECT_NEAR(odds.tokens(2), 1 + 2. / 3, 0.05);
  EXPECT_NEAR(odds.tokens(3), 2, 0.07);
  EXPECT_NEAR(odds.tokens(4), 2 + 1. / 3, 0.1);
}

TEST(RowOdds, waits_until_the_text_has_left_the_tree) {
  RowOdds odds(0);
  const TokenBatch tree{{5, 6, 7}, {-1, 0, 1}};
  const std::vector<Token> text = {6, 7};
  EXPECT_FALSE(odds.judge(tree, std::span(text).first(0)));
  EXPECT_FALSE(odds.judge(tree, std::span(text).first(1)));
  EXPECT_TRUE(odds.judge(tree, text));
  const std::vector<Token> other = {8};
  EXPECT_TRUE(odds.judge(tree, other));
}

}  // namespace
}  // namespace splitwan::engine
