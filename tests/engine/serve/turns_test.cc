// Fairness: who has had little goes first, and nobody waits for a stranger's long work.
#include "engine/serve/turns.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace splitwan::engine {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

const std::string x = "x", y = "y";
constexpr Nanos start = 1h;

std::vector<std::pair<Turns::Id, int>> picked(Turns& turns, const std::vector<Turns::Waiting>& waiting,
                                              Nanos now = start) {
  std::vector<std::pair<Turns::Id, int>> found;
  for (const auto& pick : turns.next(waiting, now)) found.emplace_back(waiting[pick.which].id, pick.rows);
  return found;
}

TEST(Turns, take_small_steps_together) {
  Turns turns({});
  EXPECT_THAT(picked(turns, {{1, &x, 1}, {2, &x, 4}, {3, &y, 1}}),
              ElementsAre(std::pair(1, 1), std::pair(2, 4), std::pair(3, 1)));
}

TEST(Turns, give_a_long_request_a_whole_call_while_nobody_else_is_there) {
  Turns turns({.batch_rows = 256, .slice_rows = 32});
  EXPECT_THAT(picked(turns, {{1, &x, 2000}}), ElementsAre(std::pair(1, 256)));
}

TEST(Turns, give_long_requests_one_slice_together_while_small_steps_are_about) {
  Turns turns({.batch_rows = 256, .slice_rows = 32, .watchful = 500ms});
  EXPECT_THAT(picked(turns, {{1, &x, 2000}, {2, &y, 1}, {3, &y, 50}}),
              ElementsAre(std::pair(1, 32), std::pair(2, 1)));
  // The small step has been answered; the next is expected.
  EXPECT_THAT(picked(turns, {{1, &x, 1968}}, start + 100ms), ElementsAre(std::pair(1, 32)));
  EXPECT_THAT(picked(turns, {{1, &x, 1936}}, start + 601ms), ElementsAre(std::pair(1, 256)));
}

TEST(Turns, do_not_slice_a_prompt_for_fear_of_its_own_clients_steps) {
  Turns turns({});
  picked(turns, {{1, &x, 1}});
  EXPECT_THAT(picked(turns, {{1, &x, 128}}, start + 1ms), ElementsAre(std::pair(1, 128)));
}

TEST(Turns, slice_the_prompt_of_one_who_has_just_come_while_another_takes_small_steps) {
  Turns turns({.batch_rows = 256, .slice_rows = 32, .watchful = 500ms});
  picked(turns, {{1, &x, 1}});
  picked(turns, {{2, &y, 0}}, start + 1ms);  // a greeting
  EXPECT_THAT(picked(turns, {{2, &y, 128}}, start + 2ms), ElementsAre(std::pair(2, 32)));
  picked(turns, {{2, &y, 1}}, start + 3ms);
  EXPECT_THAT(picked(turns, {{2, &y, 128}}, start + 4ms), ElementsAre(std::pair(2, 32)));
  EXPECT_THAT(picked(turns, {{2, &y, 128}}, start + 600ms), ElementsAre(std::pair(2, 128)));
}

TEST(Turns, slice_by_what_a_small_step_takes) {
  Turns turns({.slice_rows = 32, .slice = 1});
  turns.called(1, 100us);
  turns.called(40, 100us + 39 * 10us);  // a row more takes 10 us
  EXPECT_THAT(picked(turns, {{1, &x, 1}, {2, &y, 128}}), ElementsAre(std::pair(1, 1), std::pair(2, 10)));
}

TEST(Turns, count_small_requests_of_a_queue_as_long_work) {
  Turns turns({.slice_rows = 32, .slice = 1});
  turns.called(1, 80us);
  turns.called(16, 80us + 15 * 20us);
  EXPECT_THAT(picked(turns, {{1, &x, 1, true}, {2, &x, 1, true}, {3, &x, 1, true}, {4, &y, 1}}),
              ElementsAre(std::pair(1, 1), std::pair(2, 1), std::pair(4, 1)));
}

TEST(Turns, put_those_first_who_have_had_least) {
  Turns turns({.batch_rows = 32, .slice_rows = 32});
  turns.took(1, x, 500ms, start);
  EXPECT_THAT(picked(turns, {{1, &x, 100}, {2, &y, 100}}), ElementsAre(std::pair(2, 32)));
  EXPECT_THAT(picked(turns, {{3, &x, 100}, {2, &y, 100}}), ElementsAre(std::pair(2, 32)));  // by source, too
  turns.took(2, y, 900ms, start);
  EXPECT_THAT(picked(turns, {{1, &x, 100}, {2, &y, 100}}), ElementsAre(std::pair(1, 32)));
}

TEST(Turns, give_who_has_had_much_only_what_no_small_step_notices) {
  Turns turns({.slice_rows = 32, .slice = 1, .fade = 3s});
  for (int i = 0; i < 100; ++i) {
    turns.called(1, 4ms);
    turns.called(37, 22ms);  // half a millisecond a row
  }
  turns.took(1, x, 3s, start);
  EXPECT_THAT(picked(turns, {{1, &x, 2000}, {2, &y, 1}}), ElementsAre(std::pair(2, 1), std::pair(1, 4)));
  // One that comes with a prompt is not made to pay for it.
  EXPECT_THAT(picked(turns, {{1, &x, 2000}, {2, &y, 1}, {3, &y, 128}}),
              ElementsAre(std::pair(2, 1), std::pair(3, 8)));
  EXPECT_THAT(picked(turns, {{1, &x, 2000}}, start + 1s), ElementsAre(std::pair(1, 256)));
}

TEST(Turns, do_not_hold_against_a_client_what_its_source_has_had_where_the_other_is_of_that_source_too) {
  Turns turns({.slice_rows = 32, .slice = 1, .fade = 1500ms});
  for (int i = 0; i < 100; ++i) {
    turns.called(1, 4ms);
    turns.called(37, 22ms);
  }
  turns.took(9, x, 3s, start);  // another client of x
  EXPECT_THAT(picked(turns, {{1, &x, 128}, {2, &x, 1}}), ElementsAre(std::pair(1, 8), std::pair(2, 1)));
  EXPECT_THAT(picked(turns, {{1, &x, 128}, {2, &y, 1}}), ElementsAre(std::pair(2, 1), std::pair(1, 4)));
}

TEST(Turns, starve_nobody_beside_newcomers) {
  Turns turns({.batch_rows = 32, .slice_rows = 32});
  turns.took(1, x, 100ms, start);
  int waited = 0;
  Turns::Id newcomer = 2;
  for (Nanos now = start; waited < 100; ++waited, now += 20ms) {  // each brings a whole call's work
    const auto picks = picked(turns, {{1, &x, 128, false, start}, {newcomer, &x, 32, false, now}}, now);
    if (picks[0].first == 1) break;
    turns.took(newcomer++, x, 20ms, now);
  }
  EXPECT_LT(waited, 50) << "a second";
}

TEST(Turns, let_a_prompt_through_beside_one_who_takes_small_steps) {
  const Nanos call = 50ms, row = 1ms, thinks = 50ms;  // a larger model's
  Turns turns({});
  Nanos now = start, asks = start;
  for (std::uint32_t left = 2000; left > 0;) {
    std::vector<Turns::Waiting> waiting = {{1, &x, left, true, start, 2000}};
    if (asks <= now) waiting.push_back({2, &y, 1, false, asks});
    const auto picks = picked(turns, waiting, now);
    int rows = 0;
    for (const auto& [id, many] : picks) rows += many;
    const Nanos cost = call + (rows - 1) * row;
    now += cost;
    turns.called(rows, cost);
    for (const auto& [id, many] : picks) {
      turns.took(id, id == 1 ? x : y, cost * many / rows, now);
      if (id == 1) left -= static_cast<std::uint32_t>(many);
      if (id == 2) asks = now + thinks;
    }
  }
  EXPECT_LT(now - start, 20s);  // alone: 2.4 s
}

TEST(Turns, count_the_rest_of_a_long_request_as_what_it_is) {
  Turns turns({.slice_rows = 32, .slice = 1});
  turns.called(1, 80us);
  for (int i = 0; i < 100; ++i) turns.called(16, 80us + 15 * 10us);
  EXPECT_THAT(picked(turns, {{1, &x, 10, true, start, 128}, {2, &y, 1}}),
              ElementsAre(std::pair(1, 8), std::pair(2, 1)));
  EXPECT_THAT(picked(turns, {{1, &x, 10, true, start, 10}, {2, &y, 1}}),
              ElementsAre(std::pair(1, 4), std::pair(2, 1)));
}

TEST(Turns, forgive_with_time) {
  Turns turns({.batch_rows = 32, .memory = 2s});
  turns.took(1, x, 1s, start);
  turns.took(2, y, 500ms, start + 10s);
  EXPECT_THAT(picked(turns, {{2, &y, 100}, {1, &x, 100}}, start + 10s), ElementsAre(std::pair(1, 32)));
}

TEST(Turns, leave_room_for_long_work_among_many_small_steps) {
  Turns turns({.batch_rows = 8, .slice_rows = 2});
  std::vector<Turns::Waiting> waiting;
  for (Turns::Id id = 1; id <= 20; ++id) waiting.push_back({id, &x, id == 20 ? 100u : 1u});
  const auto found = picked(turns, waiting);
  EXPECT_EQ(found.size(), 7u);
  EXPECT_THAT(found, testing::Contains(std::pair<Turns::Id, int>(20, 2)));
}

TEST(Turns, share_time_evenly_between_long_requests_in_the_end) {
  Turns turns({.batch_rows = 16, .slice_rows = 16});
  std::map<Turns::Id, int> had;
  Nanos now = start;
  for (int i = 0; i < 300; ++i) {
    for (const auto& [id, rows] : picked(turns, {{1, &x, 1000}, {2, &x, 1000}, {3, &y, 1000}}, now)) {
      had[id] += rows;
      now += rows * 1ms;
      turns.took(id, id == 3 ? y : x, rows * 1ms, now);
    }
  }
  EXPECT_NEAR(had[1], had[2], 160);
  EXPECT_GT(had[3], had[1]);  // a source of its own
}

}  // namespace
}  // namespace splitwan::engine
