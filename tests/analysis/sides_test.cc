// Two runs side by side, in numbers and as text.
#include <gmock/gmock.h>

#include "analysis/gate/pairs.hh"
#include "analysis/sides/sides.hh"
#include "analysis/sides/strips.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/sides_records.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using testing::ElementsAre, testing::HasSubstr, testing::Not;
using namespace tests;

TEST(Sides, are_the_same_where_every_step_is) {
  const Json data = sides_data(split_record(), split_record());
  EXPECT_EQ(data["same"], true);
  ASSERT_EQ(data["cells"].size(), 2u);
  for (const Json& cell : data["cells"]) {
    EXPECT_EQ(cell["same"], true);
    EXPECT_TRUE(cell["first"].is_null());
    EXPECT_TRUE(cell["strips"].empty());
  }
  EXPECT_THAT(render_sides_markdown(data), HasSubstr("Both are the same: every step, message and job."));
}

TEST(Sides, tell_the_first_step_that_differs_and_what_it_costs) {
  const Json data = sides_data(split_record(), with_a_smaller_window());
  EXPECT_EQ(data["same"], false);
  const Json& cell = data["cells"][0];
  EXPECT_EQ(cell["first"]["step"], 3);
  EXPECT_EQ(cell["first"]["run"], 1);
  EXPECT_EQ(cell["first"]["what"], "window");
  EXPECT_THAT(cell["cost"].get<std::string>(), HasSubstr("costs 0.08 s"));
  EXPECT_EQ(cell["settings"], Json::array({"wire \"f32\" -> \"f16\""}));
  EXPECT_EQ(data["cells"][1]["same"], true);
  const std::string text = render_sides_markdown(data);
  EXPECT_THAT(
      text, HasSubstr("run 1 (list), step 3: message from 0 to 1: 2 flights at a congestion window of 2896"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "| network and waiting | 80.000 | 90.000 | 10.000 |"));  // of 8 decode steps, one 80 ms longer
  EXPECT_THAT(text, HasSubstr("| in all | 93.000 | 103.000 | 10.000 |"));
}

// Greetings say little: shown are the first step that differs, and the one that costs most.
TEST(Sides, show_steps_and_not_greetings) {
  auto before = split_record(), now = split_record();
  for (auto* records : {&before, &now}) {
    StepRecord greeting = split_step(0, {});
    greeting.rows = 0, greeting.took = Nanos(0);
    greeting.messages[0].cwnd = records == &now ? 2896 : 14480;
    for (RunRecord& run : (*records)[0].cells[0].runs) run.steps.insert(run.steps.begin(), greeting);
  }
  auto& run = now[0].cells[0].runs[1];
  run.steps[2].messages[0].flights = 2;
  run.steps[4].took += ms(5);
  const Json strips = sides_data(before, now)["cells"][0]["strips"];
  ASSERT_EQ(strips.size(), 2u);
  EXPECT_EQ(strips[0]["step"], 2);
  EXPECT_EQ(strips[0]["run"], 1);
  EXPECT_EQ(strips[1]["step"], 4);
  EXPECT_EQ(strips[1]["why"], "time changed most");
}

TEST(Sides, take_the_mean_step_apart_without_a_rest) {
  for (const Json& cell : sides_data(split_record(), with_a_smaller_window())["cells"])
    for (const char* side : {"before", "now"}) {
      const Json& step = cell["step"][side];
      EXPECT_NEAR(
          step["client_s"].get<double>() + step["others_s"].get<double>() + step["wait_s"].get<double>(),
          step["total_s"], 1e-12);
      EXPECT_EQ(step["steps"], 8);
      EXPECT_NEAR(step["client_s"], 3e-3, 1e-12);
      EXPECT_NEAR(step["others_s"], 10e-3, 1e-12);
    }
}

TEST(Sides, keep_every_steps_end_and_tokens_of_each_run) {
  const Json runs = sides_data(split_record(), with_a_smaller_window())["cells"][0]["runs"];
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[1]["before"]["tokens"], Json::array({2, 2, 2, 2, 2}));
  EXPECT_NEAR(runs[1]["before"]["end_s"].back(), 0.465, 1e-12);
  EXPECT_NEAR(runs[1]["now"]["end_s"].back(), 0.545, 1e-12);
  EXPECT_NEAR(runs[1]["now"]["took_s"][2], 0.173, 1e-12);
}

TEST(Sides, meet_by_name_and_where_one_is_left_over_on_each) {
  auto now = split_record();
  now[0].cells[1].name = "40 ms, ngram";
  Json data = sides_data(split_record(), now);
  EXPECT_EQ(data["cells"][1]["beside"], "20 ms, ngram");
  now[0].cells.push_back(split_cell("60 ms, ngram"));
  data = sides_data(split_record(), now);
  ASSERT_EQ(data["cells"].size(), 4u);
  EXPECT_EQ(data["cells"][1]["only"], "now");
  EXPECT_EQ(data["cells"][3]["only"], "before");
  EXPECT_EQ(data["cells"][3]["cell"], "20 ms, ngram");
  EXPECT_EQ(data["same"], false);
  now = split_record();  // a setting is part of every name
  for (CellRecord& cell : now[0].cells) cell.name += ", tcp nagle true";
  data = sides_data(split_record(), now);
  ASSERT_EQ(data["cells"].size(), 2u);
  EXPECT_EQ(data["cells"][1]["beside"], "20 ms, ngram");
  now[0].cells[1].runs[0].drafter = "sequential";
  EXPECT_EQ(sides_data(split_record(), now)["cells"].size(), 4u);
  EXPECT_THAT(tests::error_of([] { sides_data({}, {}); }), HasSubstr("expected at least one run"));
}

TEST(Sides, print_no_more_than_can_be_read) {
  const Json data = without_drawings(sides_data(split_record(), split_record()));
  for (const Json& cell : data["cells"]) EXPECT_FALSE(cell.contains("runs") || cell.contains("strips"));
}

// Work ends when what came of it is sent; the client's last ends with the step.
TEST(Strips, place_work_between_what_came_and_what_is_sent) {
  EXPECT_THAT(begins_of_work(split_step(1, {})), ElementsAre(ms(0), ms(42), ms(92)));
  StepRecord step = split_step(1, {});
  step.work.insert(step.work.begin() + 1, {0, Phase::codec, 4, ms(0.5)});
  step.messages[0].sent = ms(2.5);
  EXPECT_THAT(begins_of_work(step), ElementsAre(ms(0), ms(2), ms(42), ms(92)));
}

// One that waits for all of several answers works after the last; one that sends twice works between.
TEST(Strips, place_work_of_who_waits_for_many) {
  StepRecord step{.step = 1, .took = ms(100)};
  step.messages = {{.from = 0, .to = 1, .sent = ms(1), .arrived = ms(10)},
                   {.from = 0, .to = 2, .sent = ms(4), .arrived = ms(14)},
                   {.from = 1, .to = 0, .sent = ms(12), .arrived = ms(20)},
                   {.from = 2, .to = 0, .sent = ms(50), .arrived = ms(60)},
                   {.from = 0, .to = 1, .sent = ms(65), .arrived = ms(75)}};
  step.work = {{0, Phase::head, 1, ms(1)},
               {0, Phase::head, 1, ms(3)},
               {0, Phase::attend, 1, ms(5)},
               {0, Phase::tail, 1, ms(2)}};
  EXPECT_THAT(begins_of_work(step), ElementsAre(ms(0), ms(1), ms(60), ms(98)));
}

TEST(Strips, mark_what_differs_and_nothing_else) {
  const StepRecord before = split_record()[0].cells[0].runs[1].steps[2],
                   now = with_a_smaller_window()[0].cells[0].runs[1].steps[2];
  const Json strips = strips_of(before, now);
  for (const char* side : {"before", "now"}) {
    EXPECT_EQ(strips[side]["messages"][0]["differs"], Json::array({"flights", "window", "time"})) << side;
    EXPECT_EQ(strips[side]["messages"][1]["differs"], Json::array()) << side;  // later, but as it was
    for (const Json& job : strips[side]["work"]) EXPECT_EQ(job["differs"], Json::array());
  }
  EXPECT_EQ(strips["grouped"], false);
  EXPECT_NEAR(strips["now"]["messages"][0]["arrived_s"], 0.122, 1e-12);
}

TEST(Strips, mark_what_is_new_and_what_is_gone) {
  const StepRecord before = split_step(1, {});
  StepRecord now = before;
  now.messages.push_back({.from = 1, .to = 0, .bytes = 8, .sent = ms(60), .arrived = ms(90)});
  now.work.pop_back();
  now.work[0].took += ms(1);
  const Json strips = strips_of(before, now);
  EXPECT_EQ(strips["now"]["messages"][2]["differs"], Json::array({"new"}));
  EXPECT_EQ(strips["before"]["work"][2]["differs"], Json::array({"gone"}));
  EXPECT_EQ(strips["before"]["work"][0]["differs"], Json::array({"time"}));
}

TEST(Strips, group_both_sides_where_one_is) {
  StepRecord now = split_step(1, {});
  for (int i = 0; i < 3; ++i) now.messages.push_back(now.messages[0]);
  RunRecord run;
  run.steps = {now};
  const Json strips = strips_of(now, grouped(run).steps[0]);
  EXPECT_EQ(strips["grouped"], true);
  EXPECT_EQ(strips["before"]["messages"], strips["now"]["messages"]);
  EXPECT_EQ(strips["before"]["messages"][0]["count"], 4);
}

TEST(Sides, of_sharded_tokens_compare_the_busiest_node) {
  const Json data = sides_data(sharded_record(6), sharded_record(6, 9));
  const Json& cell = data["cells"][0];
  EXPECT_EQ(cell["parties"], 7);
  EXPECT_NEAR(cell["step"]["before"]["others_s"], 6e-3, 1e-12);
  EXPECT_NEAR(cell["step"]["now"]["others_s"], (6e-3 + 11e-3) / 2,
              1e-12);  // node 2 in one of two decode steps
  EXPECT_EQ(cell["first"]["what"], "work");
  EXPECT_EQ(cell["strips"][0]["now"]["work"].size(), 7u);
}

}  // namespace
}  // namespace splitwan::analysis
