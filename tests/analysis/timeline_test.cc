#include "analysis/summary/timeline.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netsim/time/replay.hh"
#include "scenarios/read/replay_scenario.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

std::vector<engine::Run> a_replay() {
  const std::string file = SPLITWAN_SOURCE_DIR "/scenarios/published-wan.json";
  Json scenario = engine::read_json_file(file);
  scenario.erase("sweep");
  scenario["replay"]["batches"]["steps"] = 3;
  return scenarios::run_replays(scenarios::read_replays(scenario, file), [](auto...) {});
}

TEST(Timeline, draws_every_piece_of_work_and_every_message_where_it_was) {
  const auto runs = a_replay();
  const Json drawn = timeline(runs);
  std::size_t work = 0, messages = 0, arrows = 0, steps = 0;
  double step_us = 0;
  for (const Json& e : drawn["traceEvents"]) {
    const std::string kind = e["ph"];
    if (kind == "X") (e["tid"] == 1000 ? steps : work) += 1;
    if (kind == "X" && e["name"] == "step 2") step_us = e["dur"];
    messages += kind == "b";
    arrows += kind == "f";
  }
  std::size_t worked = 0, sent = 0;
  for (const auto& span : runs[0].spans) {
    worked += span.op == engine::Op::work;
    sent += span.op == engine::Op::send;
  }
  EXPECT_EQ(work, worked);
  EXPECT_EQ(messages, sent);
  EXPECT_EQ(arrows, sent);
  EXPECT_EQ(steps, 4u);
  const auto& step = runs[0].steps[1];
  EXPECT_EQ(step_us, static_cast<double>((step.end - step.begin).count()) / 1e3);
}

}  // namespace
}  // namespace splitwan::analysis
