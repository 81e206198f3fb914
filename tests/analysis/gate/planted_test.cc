// Regressions planted in one cell: each is caught, and named by its cause.
#include <gmock/gmock.h>

#include <cmath>

#include "tests/fixtures/gate_fixture.hh"

namespace splitwan::analysis {
namespace {

using engine::Op;
using engine::Span;
using netsim::Scripts;
using testing::Contains, testing::Each, testing::HasSubstr, testing::IsEmpty, testing::SizeIs,
    testing::UnorderedElementsAre;
using tests::GateCell;

struct Found {
  GateResult result;
  Json difference;
  std::set<std::string> regressed, improved;
  std::string reason;  // of the first row that has one
};

Found against_plain(const GateCell& planted) {
  Found found{compare(tests::baseline_of(GateCell().record()), {planted.record()}, {}, "baseline.json"),
              {},
              {},
              {},
              ""};
  if (!found.result.differences.empty()) found.difference = found.result.differences[0];
  for (const GateRow& row : found.result.rows) {
    if (found.reason.empty()) found.reason = row.reason;
    if (row.verdict == Verdict::regressed) found.regressed.insert(row.metric);
    if (row.verdict == Verdict::improved) found.improved.insert(row.metric);
  }
  return found;
}

// In every decode step: the client asks once more, and gets an answer.
void one_more_round_trip(Scripts& scripts) {
  for (auto& [party, script] : scripts) {
    std::vector<Span> spans;
    for (const Span& s : script.spans) {
      const bool at = s.step > 1 && s.op == (party == 0 ? Op::send : Op::recv);
      if (at) {
        Span one = s, two = s;
        one.bytes = two.bytes = 64;
        one.rows = two.rows = 0;
        one.op = party == 0 ? Op::send : Op::recv;
        two.op = party == 0 ? Op::recv : Op::send;
        spans.push_back(one);
        spans.push_back(two);
      }
      spans.push_back(s);
    }
    script.spans = spans;
  }
}

TEST(PlantedRegression, nothing_planted_is_a_pass_of_every_metric) {
  const Found found = against_plain({});
  EXPECT_EQ(found.result.verdict, Verdict::pass);
  EXPECT_THAT(found.result.rows, SizeIs(6));
  EXPECT_THAT(found.result.differences, IsEmpty());
  EXPECT_THAT(found.result.notes, IsEmpty());
}

TEST(PlantedRegression, one_needless_round_trip_is_named_with_its_messages_and_price) {
  const Found found = against_plain({.plant = one_more_round_trip});
  EXPECT_EQ(found.result.verdict, Verdict::regressed);
  EXPECT_THAT(found.regressed,
              UnorderedElementsAre("total_s", "tokens_per_s", "bytes_per_token", "round_trips_per_token"));
  EXPECT_EQ(found.difference["first"]["what"], "messages");
  EXPECT_EQ(found.difference["first"]["step"], 2);
  EXPECT_THAT(found.difference["first"]["reason"].get<std::string>(),
              HasSubstr("4 messages and 2 round trips where 2 and 1 were: 0 to 1: 2 (2180 bytes) where 1 "
                        "(2116 bytes) were; 1 to 0: 2 (2176 bytes) where 1 (2112 bytes) were"));
  const Json& cost = found.difference["cost"];
  EXPECT_EQ(cost["now"]["messages"].get<double>() - cost["before"]["messages"].get<double>(), 40);
  EXPECT_NEAR(cost["now"]["total_s"].get<double>() - cost["before"]["total_s"].get<double>(), 20 * 0.080,
              0.01);
}

TEST(PlantedRegression, three_percent_more_bytes_are_named_by_the_first_message) {
  const Found found = against_plain({.plant = [](Scripts& scripts) {
    for (auto& [party, script] : scripts)
      for (Span& s : script.spans)
        if (s.op != Op::work && s.step > 0) s.bytes += s.bytes * 3 / 100;
  }});
  EXPECT_THAT(found.regressed,
              UnorderedElementsAre("total_s", "tokens_per_s", "time_to_first_token_s", "bytes_per_token"));
  EXPECT_EQ(found.difference["first"]["what"], "bytes");
  EXPECT_THAT(found.difference["first"]["reason"].get<std::string>(), HasSubstr("message from 0 to 1: "));
  EXPECT_THAT(found.difference["first"]["reason"].get<std::string>(), HasSubstr("(+3 %)"));
}

TEST(PlantedRegression, one_row_more_per_step_is_named_as_rows) {
  GateCell planted;
  for (auto& rows : planted.batches.rows) ++rows;
  const Found found = against_plain(planted);
  EXPECT_THAT(found.regressed, UnorderedElementsAre("total_s", "tokens_per_s", "bytes_per_token"));
  EXPECT_EQ(found.difference["first"]["what"], "rows");
  EXPECT_EQ(found.difference["first"]["step"], 2);
  EXPECT_THAT(found.difference["first"]["reason"].get<std::string>(),
              HasSubstr("2 rows, 1 of them guesses, where 1 with 0 were"));
}

TEST(PlantedRegression, a_smaller_window_is_named_with_the_flights_and_the_setting) {
  GateCell planted;
  planted.network.tcp.initial_window = 4;
  const Found found = against_plain(planted);
  EXPECT_THAT(found.regressed, Contains("time_to_first_token_s"));
  EXPECT_EQ(found.difference["first"]["what"], "window");
  EXPECT_THAT(found.reason, HasSubstr("tcp.initial_window 10 -> 4; run 0"));
  EXPECT_THAT(found.reason, HasSubstr(" flights at a congestion window of "));
  EXPECT_THAT(found.difference["settings"].dump(), HasSubstr("tcp.initial_window 10 -> 4"));
}

TEST(PlantedRegression, nagle_on_is_named_by_its_setting_and_the_flight_more) {
  GateCell planted;
  planted.network.tcp.nagle = true;
  const Found found = against_plain(planted);
  EXPECT_THAT(found.regressed, Contains("tokens_per_s"));
  EXPECT_EQ(found.difference["first"]["what"], "window");
  EXPECT_THAT(found.reason,
              HasSubstr("tcp.nagle false -> true; run 0 (stated), step 1: message from 0 to 1: 4 flights"));
  EXPECT_THAT(found.difference["settings"].dump(), HasSubstr("tcp.nagle false -> true"));
}

TEST(PlantedRegression, two_percent_slower_compute_is_named_as_work_of_whom) {
  GateCell planted;
  for (auto& [phase, cost] : planted.profile.phases) {
    cost.base += cost.base / 50;
    cost.per_row += cost.per_row / 50;
    cost.per_row_context_ns *= 1.02;
  }
  const Found found = against_plain(planted);
  EXPECT_THAT(found.regressed, UnorderedElementsAre("total_s", "tokens_per_s", "time_to_first_token_s"));
  EXPECT_EQ(found.difference["first"]["what"], "work");
  EXPECT_THAT(found.difference["first"]["reason"].get<std::string>(),
              HasSubstr("the client computes head for"));
  EXPECT_THAT(found.difference["first"]["reason"].get<std::string>(), HasSubstr("(+2 %)"));
}

// Of 57 tokens in 20 steps one less: 1.8 %.
TEST(PlantedRegression, a_drafter_that_accepts_two_percent_less_is_named_by_the_step_that_lost_a_token) {
  GateCell planted;
  --planted.batches.accepted[10];
  const Found found = against_plain(planted);
  EXPECT_THAT(found.regressed, UnorderedElementsAre("tokens_per_s", "tokens_per_step", "bytes_per_token",
                                                    "round_trips_per_token"));
  EXPECT_EQ(found.difference["first"]["what"], "accepted");
  EXPECT_EQ(found.difference["first"]["step"], 12);
  EXPECT_THAT(found.difference["first"]["reason"].get<std::string>(),
              HasSubstr("3 tokens accepted of the same 6 rows, where 4 were"));
  EXPECT_THAT(found.reason, HasSubstr(" -1 tokens"));
}

TEST(PlantedRegression, losses_on_the_way_are_named_as_segments_sent_again) {
  GateCell planted;
  planted.network.up.loss = planted.network.down.loss = 0.2;
  const Found found = against_plain(planted);
  EXPECT_THAT(found.regressed, Contains("tokens_per_s"));
  EXPECT_THAT(found.reason, HasSubstr("this cell was '80 ms, 100 Mbit/s, ngram'"));
  EXPECT_EQ(found.difference["first"]["what"], "resent");
}

TEST(PlantedRegression, what_is_planted_for_the_better_is_an_improvement) {
  GateCell planted;
  planted.network.up.delay -= std::chrono::milliseconds(1);
  const Found found = against_plain(planted);
  EXPECT_EQ(found.result.verdict, Verdict::improved);
  EXPECT_THAT(found.improved, UnorderedElementsAre("total_s", "tokens_per_s", "time_to_first_token_s"));
}

}  // namespace
}  // namespace splitwan::analysis
