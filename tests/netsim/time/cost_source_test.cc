#include "netsim/time/cost_source.hh"

#include <gtest/gtest.h>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::netsim {
namespace {

using engine::Op;
using engine::Phase;
using engine::Work;
using namespace std::chrono_literals;
using tests::error_of;

const Work middle{.phase = Phase::middle, .rows = 4, .context = 20};

engine::Run recording() {
  engine::Run run;
  run.spans = {{.step = 1,
                .party = 0,
                .op = Op::work,
                .phase = Phase::head,
                .begin = 10ns,
                .end = 25ns,
                .rows = 4,
                .context = 20},
               {.step = 1, .party = 0, .op = Op::send, .peer = 1, .begin = 25ns, .end = 25ns},
               {.step = 1,
                .party = 1,
                .op = Op::work,
                .phase = Phase::middle,
                .begin = 0ns,
                .end = 7ms,
                .rows = 4,
                .context = 20},
               {.step = 2,
                .party = 1,
                .op = Op::work,
                .phase = Phase::middle,
                .begin = 9ms,
                .end = 12ms,
                .rows = 1,
                .context = 24}};
  return run;
}

TEST(MeasuredCost, is_what_was_measured) { EXPECT_EQ(measured_cost()(3, middle, 17us), 17us); }

TEST(ReferenceCost, is_the_larger_of_arithmetic_and_traffic) {
  const CostSource cost = reference_cost({.flops = 1e9, .bytes_per_s = 2e9, .per_job = 5us});
  EXPECT_EQ(cost(0, {.flops = 3e6, .bytes = 4e6}, 1s), 3ms + 5us);
  EXPECT_EQ(cost(1, {.flops = 1e6, .bytes = 4e6}, 0s), 2ms + 5us);
  EXPECT_EQ(cost(0, {}, 1s), 5us);
  EXPECT_EQ(reference_cost()(0, {.flops = 50e9}, 0s), 1s + 5us);
  EXPECT_EQ(reference_cost()(0, {.bytes = 20e9}, 0s), 1s + 5us);
}

TEST(RecordedCost, replays_each_partys_jobs_in_their_order) {
  const CostSource cost = recorded_cost(recording(), "t.jsonl");
  EXPECT_EQ(cost(1, middle, 1s), 7ms);
  EXPECT_EQ(cost(0, {.phase = Phase::head, .rows = 4, .context = 20}, 1s), 15ns);
  EXPECT_EQ(cost(1, {.phase = Phase::middle, .rows = 1, .context = 24}, 1s), 3ms);
}

TEST(RecordedCost, refuses_other_work) {
  const std::string recorded =
      "t.jsonl: party 1 step 1: recorded middle of 4 rows at 20 tokens, this run does ";
  const auto error_for = [](PartyId party, const Work& work) {
    return error_of([&] { recorded_cost(recording(), "t.jsonl")(party, work, 0s); });
  };
  EXPECT_EQ(error_for(1, {.phase = Phase::tail, .rows = 4, .context = 20}), recorded + "tail of 4 at 20");
  EXPECT_EQ(error_for(1, {.phase = Phase::middle, .rows = 5, .context = 20}), recorded + "middle of 5 at 20");
  EXPECT_EQ(error_for(1, {.phase = Phase::middle, .rows = 4, .context = 21}), recorded + "middle of 4 at 21");
  EXPECT_EQ(error_for(2, middle), "t.jsonl: party 2 has 0 recorded jobs, this run asks for more");
}

TEST(RecordedCost, refuses_more_work_than_was_recorded) {
  const CostSource cost = recorded_cost(recording(), "t.jsonl");
  cost(0, {.phase = Phase::head, .rows = 4, .context = 20}, 0s);
  EXPECT_EQ(error_of([&] { cost(0, {.phase = Phase::head, .rows = 4, .context = 20}, 0s); }),
            "t.jsonl: party 0 has 1 recorded jobs, this run asks for more");
}

}  // namespace
}  // namespace splitwan::netsim
