#include "model/observe/observation.hh"
#include "model/fit/latency_model.hh"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>

#include "engine/base/error.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::model {
namespace {

using engine::Nanos;
using engine::Op;
using engine::Span;
using std::chrono::milliseconds;

std::vector<engine::Run> one_rtt() { return tests::synthesise({.rtts_s = {0.080}, .steps = 6}); }

TEST(Observation, is_one_per_forward_pass) {
  const auto runs = one_rtt();
  const auto seen = observe(runs);
  ASSERT_EQ(seen.size(), runs.size() * 7);
  EXPECT_TRUE(seen[0].prefill);
  EXPECT_FALSE(seen[1].prefill);
  EXPECT_EQ(seen[0].condition.rtt_s, 0.080);
  EXPECT_EQ(seen[0].condition.down_bps, 200e6);
  EXPECT_EQ(seen[0].drafter, "sequential");
  EXPECT_EQ(seen[0].prompt_class, "code");
}

TEST(Observation, parts_sum_to_the_step) {
  for (const Observation& o : observe(one_rtt())) {
    EXPECT_NEAR(o.client_s + o.server_s + o.network_s + o.overhead_s, o.total_s, 1e-12);
    EXPECT_NEAR(o.overhead_s, tests::World{}.overhead_s, 1e-8);
  }
}

TEST(Observation, network_time_is_the_round_trip_and_the_wire) {
  const Observation o = observe(one_rtt())[1];  // sequential: one row, 1088 bytes in one segment
  EXPECT_EQ(o.bytes_up, 1088);
  EXPECT_NEAR(o.network_s, 0.080 + (1088 + 54) * 8 / 100e6 + (1088 + 54) * 8 / 200e6, 2e-9);
}

TEST(Observation, a_spot_check_between_steps_is_in_neither_of_them_and_no_pause) {
  auto runs = one_rtt();
  const auto before = observe(runs);
  engine::Run& run = runs[0];
  const Nanos end = run.steps[2].end, took = milliseconds(300);
  for (engine::Step& s : run.steps)
    if (s.begin >= end) s.begin += took, s.end += took;
  for (Span& s : run.spans)
    if (s.begin >= end) s.begin += took, s.end += took, s.arrived += s.op == Op::recv ? took : Nanos();
  run.checks = {
      {.step = run.steps[2].step, .peer = 1, .begin = end, .end = end + took, .rows = 14, .layers = {5}}};
  const Span sent{.party = 0, .op = Op::send, .peer = 1, .begin = end, .end = end, .bytes = 64};
  Span answer{.party = 0, .op = Op::recv, .peer = 1, .begin = end, .end = end + took, .bytes = 90'000};
  answer.arrived = answer.end;
  answer.held = milliseconds(5);
  run.spans.push_back(sent);
  run.spans.push_back(answer);
  const auto after = observe(runs);
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_NEAR(after[i].total_s, before[i].total_s, 1e-12) << i;
    EXPECT_NEAR(after[i].network_s, before[i].network_s, 1e-12) << i;
    EXPECT_EQ(after[i].bytes_down, before[i].bytes_down) << i;
    EXPECT_NEAR(after[i].pause_s, before[i].pause_s, 1e-12) << i;
    EXPECT_EQ(after[i].checked.size(), i == 3 ? 1u : 0u) << i;
  }
  EXPECT_EQ(after[3].checked[0].bytes_down, 90'000);
  EXPECT_NEAR(after[3].checked[0].held_s, 0.005, 1e-12);
}

TEST(Observation, steps_from_a_lost_connection_on_are_told_apart_and_not_fitted) {
  auto runs = one_rtt();
  engine::Run& run = runs[0];
  const std::size_t steps = run.steps.size();
  ASSERT_GT(steps, 4u);
  run.outages = {
      {.step = run.steps[3].step, .peer = 1, .begin = run.steps[3].begin, .end = run.steps[3].end}};
  const Study study(runs);
  for (std::size_t i = 0; i < steps; ++i) EXPECT_EQ(study.steps[i].lost, i >= 3) << i;
  const Fittable f = fittable(study);
  EXPECT_EQ(f.steps.size(), study.steps.size() - (steps - 3));
  ASSERT_EQ(f.left_out.size(), 1u);
  EXPECT_EQ(f.left_out[0].steps, steps - 3);
  EXPECT_EQ(f.left_out[0].runs, 1u);
}

TEST(Observation, of_a_connection_that_was_lost_in_a_check_leaves_the_steps_before_it) {
  auto runs = one_rtt();
  engine::Run& run = runs[0];
  run.outages = {{.step = 0, .peer = 1, .begin = run.steps[3].end, .end = run.steps[4].begin}};
  const Study study(runs);
  for (std::size_t i = 0; i < run.steps.size(); ++i) EXPECT_EQ(study.steps[i].lost, i > 3) << i;
}

TEST(Observation, flights_are_the_receivers_count) {
  // 10 segments hold 14 rows of 1 KiB; the first 17 rows need two flights and open the window for the next.
  std::map<std::size_t, bool> opened;
  std::size_t second_flights = 0;
  for (const Observation& o :
       observe(tests::synthesise({.rtts_s = {0.080}, .prompt_tokens = 4, .steps = 6}))) {
    const std::uint32_t expected =
        o.rows > 14 && !std::exchange(opened[o.run], opened[o.run] || o.rows > 14) ? 2 : 1;
    EXPECT_EQ(o.flights_up, expected);
    EXPECT_EQ(o.flights_down, expected);
    second_flights += expected == 2;
  }
  EXPECT_EQ(second_flights, 2u);  // in both prompts' runs that guess
}

TEST(Observation, a_prompt_in_chunks_waits_for_its_last_reply) {
  engine::Run run = one_rtt()[0];
  run.spans.clear();
  const auto message = [&](Op op, int at_ms, int held_ms) {
    Span s{
        .step = 1, .party = 0, .op = op, .peer = 1, .begin = milliseconds(at_ms), .end = milliseconds(at_ms)};
    s.arrived = s.end, s.held = milliseconds(held_ms), s.bytes = 1000;
    run.spans.push_back(s);
  };
  message(Op::send, 1, 0);
  message(Op::send, 3, 0);
  message(Op::recv, 31, 10);
  message(Op::recv, 45, 22);  // held: it queued behind the first chunk
  run.steps = {{.step = 1, .prefill = true, .begin = Nanos(0), .end = milliseconds(50), .rows = 20}};
  const Observation o = observe({run})[0];
  EXPECT_EQ(o.bytes_up, 2000);
  EXPECT_EQ(o.round_trips, 2u);
  EXPECT_NEAR(o.server_s, 0.022, 1e-12);
  EXPECT_NEAR(o.network_s, 0.020, 1e-12);
}

TEST(Observation, rows_are_those_that_crossed_the_network_dummies_included) {
  auto runs = one_rtt();
  runs[0].steps[2].rows = 3;
  runs[0].steps[2].sent = 8;
  EXPECT_EQ(observe(runs)[2].rows, 8);
  runs[0].steps[2].sent = 0;
  EXPECT_EQ(observe(runs)[2].rows, 3);
}

TEST(Observation, an_all_local_step_crosses_nothing) {
  engine::Run run = one_rtt()[0];
  std::erase_if(run.spans, [](const Span& s) { return s.op != Op::work || s.party != 0; });
  const Observation o = observe({run})[1];
  EXPECT_FALSE(o.crossed());
  EXPECT_EQ(o.network_s, 0);
  EXPECT_EQ(o.server_s, 0);
}

TEST(Observation, a_rate_that_is_not_stated_does_not_limit) {
  auto runs = one_rtt();
  runs[0].header.network.edges[0].up.link.bits_per_second = 0;
  EXPECT_TRUE(std::isinf(observe(runs)[0].condition.up_bps));
}

TEST(Observation, a_header_without_a_network_is_an_error_that_says_so) {
  auto runs = one_rtt();
  runs[1].header.network = {};
  try {
    observe(runs);
    FAIL();
  } catch (const engine::Error& e) {
    EXPECT_STREQ(e.what(), "run 1: the header names no network");
  }
}

}  // namespace
}  // namespace splitwan::model
