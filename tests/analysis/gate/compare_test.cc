// What a gate makes of differences: tolerances, cells that come and go, other experiments, texts.
#include <gmock/gmock.h>

#include "engine/base/error.hh"
#include "tests/fixtures/gate_fixture.hh"

namespace splitwan::analysis {
namespace {

using engine::Error;
using testing::Contains, testing::ElementsAre, testing::HasSubstr, testing::IsEmpty, testing::SizeIs;
using tests::baseline_of, tests::GateCell;

ScenarioRecord slower() {  // by 1 ms of 80
  GateCell cell;
  cell.plant = [](netsim::Scripts& scripts) {
    for (auto& [party, script] : scripts)
      for (auto& s : script.spans)
        if (s.op != engine::Op::work && s.step > 1) s.bytes += 6000;
  };
  return cell.record();
}

GateResult with(const std::vector<std::string>& allowed, const ScenarioRecord& now) {
  Allowances allowances;
  for (const auto& text : allowed) allowances.add(text);
  return compare(baseline_of(GateCell().record()), {now}, allowances, "b.json");
}

const GateRow& row(const GateResult& result, const std::string& metric) {
  for (const GateRow& row : result.rows)
    if (row.metric == metric) return row;
  throw std::out_of_range(metric);
}

TEST(GateTolerance, lets_pass_what_is_within_it_and_says_so) {
  const ScenarioRecord now = slower();
  const double change = change_of(row(with({}, now), "tokens_per_s"));
  ASSERT_LT(change, -0.005);
  ASSERT_GT(change, -0.05);
  const GateResult allowed = with({"tokens_per_s=-5%", "bytes_per_token=+1000%", "total_s=+5%"}, now);
  EXPECT_EQ(allowed.verdict, Verdict::pass);
  EXPECT_THAT(row(allowed, "tokens_per_s").reason, HasSubstr("5 % allowed, "));
  EXPECT_EQ(with({"tokens_per_s=-0.5%", "bytes_per_token=+1000%", "total_s=+5%"}, now).verdict,
            Verdict::regressed);
}

TEST(GateTolerance, is_a_change_for_the_worse_of_a_metric_that_exists) {
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      Allowances().add(text);
    } catch (const Error& e) {
      return e.what();
    }
    return "taken";
  };
  EXPECT_EQ(refusal("tokens_per_s=-1%"), "taken");
  EXPECT_EQ(refusal("bytes_per_token=1%"), "taken");
  EXPECT_EQ(refusal("bytes_per_token=0%"), "taken");
  EXPECT_THAT(refusal("tokens_per_s=1%"),
              HasSubstr("expected a change for the worse, which is negative of tokens_per_s"));
  EXPECT_THAT(refusal("bytes_per_token=-1%"), HasSubstr("which is positive of bytes_per_token"));
  EXPECT_THAT(refusal("tokens_per_s=-100%"), HasSubstr("a change that leaves something"));
  for (const std::string text : {"tokens_per_s", "tokens_per_s=", "tokens_per_s=-1", "tokens_per_s=%",
                                 "tokens_per_s=-x%", "tokens_per_s=nan%"})
    EXPECT_THAT(refusal(text), HasSubstr("as in tokens_per_s=-1%")) << text;
  EXPECT_THAT(refusal("speed=-1%"), HasSubstr("metric 'speed': expected one of tokens_per_s, "));
}

TEST(Gate, another_experiment_is_inconclusive_with_the_key_that_differs) {
  ScenarioRecord now = slower();
  now.fingerprint["scenario"] = "other";
  const GateResult result = with({}, now);
  EXPECT_EQ(result.verdict, Verdict::inconclusive);
  ASSERT_THAT(result.rows, SizeIs(1));
  EXPECT_EQ(result.rows[0].reason,
            "not the same experiment, not compared: scenario: baseline planted, now other");
  EXPECT_TRUE(to_json(result)["cells"][0]["baseline"].is_null());
}

TEST(Gate, a_scenario_that_the_baseline_does_not_have_is_wrong_input) {
  ScenarioRecord now = slower();
  now.name = "new";
  try {
    with({}, now);
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "b.json: has no scenario 'new' (it has planted): --update adds it");
  }
}

TEST(Gate, cells_that_come_or_go_are_regressions) {
  ScenarioRecord now = GateCell().record();
  now.cells.push_back(now.cells[0]);
  now.cells[1].name = "another link";
  const GateResult more = with({}, now);
  EXPECT_EQ(more.verdict, Verdict::regressed);
  EXPECT_EQ(row(more, "cell").current, 1);
  EXPECT_EQ(row(more, "cell").reason, "the scenario's runs have this cell, the baseline does not");
  now.cells.clear();
  EXPECT_EQ(row(with({}, now), "cell").reason, "the baseline has this cell, the scenario's runs do not");
}

TEST(Gate, another_text_at_the_same_speed_is_a_regression_with_the_token) {
  Baseline baseline = baseline_of(GateCell().record());
  ScenarioRecord now = GateCell().record();
  for (auto* record : {&baseline.scenarios[0], &now}) {
    record->cells[0].runs[0].output = {5, 6, 7, 8};
    record->cells[0].metrics["same_tokens"] = 4;
  }
  now.cells[0].runs[0].output[2] = 9;
  const GateResult result = compare(baseline, {now}, {}, "b.json");
  EXPECT_EQ(result.verdict, Verdict::regressed);
  EXPECT_EQ(row(result, "same_tokens").current, 2);
  EXPECT_EQ(row(result, "same_tokens").verdict, Verdict::regressed);
  EXPECT_THAT(row(result, "same_tokens").reason, HasSubstr("token 2 is 9 where it was 7"));
  EXPECT_EQ(result.differences[0]["first"]["what"], "text");
}

TEST(Gate, steps_that_differ_under_the_same_metrics_have_a_line) {
  ScenarioRecord now = GateCell().record();
  now.cells[0].runs[0].steps[3].messages[0].cwnd += 1448;
  const GateResult result = with({}, now);
  EXPECT_EQ(result.verdict, Verdict::pass);
  const GateRow& steps = row(result, "same_steps");
  EXPECT_EQ(steps.baseline, 22);
  EXPECT_EQ(steps.current, 21);
  EXPECT_THAT(steps.reason,
              HasSubstr("every metric is as it was, the steps are not: run 0 (stated), step 3: "));
  EXPECT_THAT(result.differences, SizeIs(1));
}

// Whatever a record holds is compared: each of these was once passed over.
TEST(Gate, nothing_that_a_baseline_holds_may_change_without_a_word) {
  using Change = std::pair<const char*, void (*)(RunRecord&)>;
  for (const auto& [what, change] :
       {Change{"a rest between steps",
               [](RunRecord& r) {
                 for (std::size_t i = 5; i < r.steps.size(); ++i) r.steps[i].begin += Nanos(200);
               }},
        {"the run's end", [](RunRecord& r) { r.total += Nanos(1); }},
        {"the drafter", [](RunRecord& r) { r.drafter = "zzz"; }},
        {"the seed", [](RunRecord& r) { r.seed = 77; }},
        {"more text", [](RunRecord& r) { r.output.push_back(1); }},
        {"a message's rows", [](RunRecord& r) { ++r.steps[4].messages[0].rows; }},
        {"a job's rows", [](RunRecord& r) { ++r.steps[4].work[0].rows; }},
        {"a job's share", [](RunRecord& r) { ++r.steps[4].work[0].mark; }},
        {"order", [](RunRecord& r) { std::swap(r.steps[4].work[0], r.steps[4].work[1]); }},
        {"an arrival", [](RunRecord& r) { r.steps[4].messages[0].arrived += Nanos(1); }},
        {"a resend", [](RunRecord& r) { ++r.steps[4].messages[0].retransmits; }}}) {
    ScenarioRecord now = GateCell().record();
    change(now.cells[0].runs[0]);
    now.cells[0].metrics = metrics_of(now.cells[0].runs);
    const GateResult result = with({}, now);
    EXPECT_THAT(result.differences, SizeIs(1)) << what;
    EXPECT_TRUE(std::ranges::any_of(result.rows, [](auto& r) {
      return r.baseline != r.current && !r.reason.empty();
    })) << what;
  }
}

TEST(Gate, of_messages_kept_as_one_each_instant_counts) {
  RunRecord run = GateCell().record().cells[0].runs[0];
  auto& messages = run.steps[5].messages;
  messages = {messages[0], messages[0], messages[0]};
  messages[1].sent += Nanos(5), messages[1].arrived += Nanos(5);
  messages[2].sent += Nanos(9), messages[2].arrived += Nanos(9);
  RunRecord moved = run;
  moved.steps[5].messages[1].sent += Nanos(1);
  const RunRecord a = grouped(run), b = grouped(moved);
  ASSERT_THAT(a.steps[5].messages, SizeIs(1));
  EXPECT_EQ(a.steps[5].messages[0].count, 3u);
  EXPECT_NE(a, b);
  EXPECT_EQ(a, grouped(run));
}

TEST(Gate, of_nothing_is_inconclusive) { EXPECT_EQ(worst_of({}), Verdict::inconclusive); }

TEST(Gate, what_is_in_the_baseline_and_was_not_run_is_noted) {
  Baseline baseline = baseline_of(GateCell().record());
  ScenarioRecord other = GateCell().record();
  other.name = "other";
  baseline.put(other);
  EXPECT_THAT(compare(baseline, {GateCell().record()}, {}, "b.json").notes,
              ElementsAre("other is in the baseline and was not run"));
}

TEST(Gate, a_figure_that_is_there_no_more_is_a_regression) {
  for (const std::string metric : {"tokens_per_s", "bytes_per_token"}) {
    ScenarioRecord now = GateCell().record();
    now.cells[0].metrics.erase(metric);
    EXPECT_EQ(row(with({}, now), metric).verdict, Verdict::regressed) << metric;
  }
}

TEST(GateRecords, refuse_time_that_is_not_virtual) {
  engine::Run run = GateCell().run();
  run.header.compute = "measured";
  EXPECT_THROW(records_of({run}), Error);
  run.header.compute = "live";
  EXPECT_THROW(records_of({run}), Error);
}

TEST(GateRecords, name_what_else_tells_cells_apart) {
  engine::Run one = GateCell().run(), two = GateCell().run();
  one.header.wire = "f16", two.header.wire = "int8";
  const auto records = records_of({one, two, one});
  ASSERT_THAT(records, SizeIs(1));
  ASSERT_THAT(records[0].cells, SizeIs(2));
  EXPECT_EQ(records[0].cells[0].name, "80 ms, 100 Mbit/s, ngram, wire f16");
  EXPECT_EQ(records[0].cells[1].name, "80 ms, 100 Mbit/s, ngram, wire int8");
  EXPECT_THAT(records[0].cells[0].runs, SizeIs(2));
}

// A session's farewells come later when anything before them does: no cause of it.
TEST(GateRecords, keep_farewells_apart_from_greetings) {
  engine::Run run = GateCell().run();
  const auto speak = [&](Nanos at) {
    engine::Span send{.party = 0, .op = engine::Op::send, .peer = 1, .begin = at, .end = at, .bytes = 64};
    engine::Span recv{.party = 1,
                      .op = engine::Op::recv,
                      .peer = 0,
                      .begin = at,
                      .end = at + Nanos(40),
                      .arrived = at + Nanos(40),
                      .bytes = 64};
    run.spans.push_back(send), run.spans.push_back(recv);
  };
  const Nanos end = run.steps.back().end;
  speak(end);
  const RunRecord record = record_of(run);
  ASSERT_THAT(record.steps, SizeIs(23));
  EXPECT_EQ(record.steps.front().step, 0u);
  EXPECT_THAT(record.steps.front().messages, testing::Not(IsEmpty()));
  const StepRecord& farewells = record.steps.back();
  EXPECT_TRUE(farewells.is_session());
  EXPECT_EQ(farewells.begin, end);
  ASSERT_THAT(farewells.messages, SizeIs(1));
  EXPECT_EQ(farewells.messages[0].sent, Nanos(0));
  EXPECT_EQ(farewells.messages[0].arrived, Nanos(40));
}

// 20 decode steps of 50 tokens, each 80 ms and work: by hand from the script.
TEST(GateRecords, metrics_are_those_of_the_steps) {
  const ScenarioRecord record = GateCell().record();
  const auto& metrics = record.cells[0].metrics;
  EXPECT_DOUBLE_EQ(metrics.at("tokens_per_step"), 50 / 20.0);
  EXPECT_DOUBLE_EQ(metrics.at("round_trips_per_token"), 21 / 51.0);
  double bytes = 0;
  for (const auto& step : record.cells[0].runs[0].steps)
    for (const auto& m : step.messages) bytes += static_cast<double>(m.bytes) * m.count;
  EXPECT_DOUBLE_EQ(metrics.at("bytes_per_token"), bytes / 51);
}

}  // namespace
}  // namespace splitwan::analysis
