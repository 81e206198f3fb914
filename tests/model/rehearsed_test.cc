// Drafters that did not run, known from the runs' texts.
#include "model/fit/rehearsed.hh"

#include <gmock/gmock.h>

#include "engine/party/rehearsal.hh"
#include "model/ask/advice.hh"
#include "model/fit/latency_model.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::model {
namespace {

constexpr double guessing_s = 5e-3;  // a step

// Sequential and n-gram runs; what the n-gram's steps were is said of a "twin" that did not run, whose
// guesses take time.
std::vector<engine::Run> with_twin() {
  auto runs = tests::synthesise({});
  for (std::size_t i = 0; i < 2;
       ++i) {  // the first two are sequential, one of each class; two n-grams follow
    engine::Rehearsal twin{.drafter = "twin"};
    for (const engine::Step& step : runs[i + 2].steps) {
      if (step.prefill) continue;
      twin.rows.push_back(step.rows);
      twin.accepted.push_back(step.accepted);
    }
    twin.draft = engine::Nanos(static_cast<std::int64_t>(guessing_s * 1e9)) * twin.rows.size();
    runs[i].end["rehearsed"] = {to_json(twin)};
  }
  return runs;
}

TEST(Rehearsed, a_drafter_is_as_if_it_had_run) {
  const LatencyModel m = fit(with_twin());
  ASSERT_EQ(m.rehearsed.size(), 1u);
  const DrafterModel &twin = *m.find("twin"), &ran = *m.find("ngram");
  EXPECT_EQ(twin.tokens_per_step(), ran.tokens_per_step());
  EXPECT_NEAR(twin.draft_s, guessing_s, 1e-9);
  ASSERT_EQ(twin.shapes.size(), ran.shapes.size());
  for (std::size_t i = 0; i < ran.shapes.size(); ++i) {
    EXPECT_EQ(twin.shapes[i].rows, ran.shapes[i].rows);
    EXPECT_NEAR(twin.shapes[i].share, ran.shapes[i].share, 1e-12);
    EXPECT_NEAR(twin.shapes[i].context, ran.shapes[i].context, 1e-9);
    EXPECT_NEAR(twin.shapes[i].bytes_down, ran.shapes[i].bytes_down, 1e-6);
    EXPECT_NEAR(twin.shapes[i].bytes_up, ran.shapes[i].bytes_up,
                4 * 12);  // the rows to keep, at most the prompt's
    EXPECT_GT(twin.shapes[i].bytes_up, ran.shapes[i].bytes_up);
  }
  const Condition c{"", 0.080, 100e6, 200e6, 0};
  EXPECT_NEAR(project(m, c, "twin").step_s - project(m, c, "ngram").step_s, guessing_s, 0.2e-3);
}

TEST(Rehearsed, one_that_ran_is_what_its_runs_say) {
  auto runs = with_twin();
  Json& twin = runs[0].end["rehearsed"][0];
  twin["drafter"] = "ngram";
  const LatencyModel m = fit(runs);
  EXPECT_EQ(m.rehearsed.size(), 1u);  // the other prompt's twin
  EXPECT_EQ(m.find("ngram")->draft_s, 0);
}

TEST(Rehearsed, drafters_stay_in_the_model_file) {
  const LatencyModel m = fit(with_twin());
  EXPECT_EQ(to_json(model_of(to_json(m), "m"))["rehearsed"], to_json(m)["rehearsed"]);
  EXPECT_FALSE(to_json(fit(tests::synthesise({}))).contains("rehearsed"));
}

TEST(Rehearsed, what_cannot_be_is_refused_with_its_place) {
  const auto refusal = [](const char* key, const Json& value) {
    auto runs = with_twin();
    runs[1].end["rehearsed"][0][key] = value;
    return tests::error_of([&] { fit(runs); });
  };
  EXPECT_THAT(
      refusal("accepted", {1, 2}),
      testing::HasSubstr("run 1: end: rehearsed: accepted: 2 steps, expected as many as in rows: 60"));
  EXPECT_THAT(refusal("accepted", std::vector<int>(60, 18)),
              testing::HasSubstr("step 1: expected 1 to 17, its rows, found 18"));
  EXPECT_THAT(refusal("draft_ns", -1), testing::HasSubstr("draft_ns"));
  EXPECT_THAT(refusal("guesses", 1), testing::HasSubstr("unknown key 'guesses'"));
}

TEST(Advice, ranks_what_was_rehearsed_and_then_needs_no_bounds) {
  const Condition c{"", 0.080, 100e6, 200e6, 0};
  std::vector<std::string> assumptions;
  const Advice with = advise(fit(with_twin()), {.wire = "f16"}, c, 100, assumptions);
  ASSERT_EQ(with.choices.size(), 3u);
  EXPECT_EQ(with.bounds, 0u);
  EXPECT_EQ(with.choices[0].point.drafter, "ngram");
  EXPECT_EQ(with.choices[1].point.drafter, "twin");  // as good, but for its guesses' time
  EXPECT_THAT(assumptions,
              testing::Contains("not ranked, the traces tell nothing of: lookahead, draft chains and trees"));
  const Advice without = advise(fit(tests::synthesise({})), {.wire = "f16"}, c, 100, assumptions);
  EXPECT_GT(without.bounds, 0u);
}

TEST(Advice, the_few_that_are_shown_are_the_first_of_all) {
  const LatencyModel m = fit(with_twin());
  std::vector<std::string> assumptions;
  for (const double rate_bps : {2e6, 100e6}) {
    const Condition c{"", 0.080, rate_bps, rate_bps, 0};
    const Advice all = advise(m, {}, c, 1000, assumptions);
    const Advice few = advise(m, {}, c, 2, assumptions);
    EXPECT_EQ(few.ranked, all.ranked);
    ASSERT_EQ(few.choices.size(), 2u);
    for (std::size_t i = 0; i < few.choices.size(); ++i) {
      EXPECT_EQ(few.choices[i].point.drafter, all.choices[i].point.drafter);
      EXPECT_EQ(few.choices[i].point.tokens_per_s, all.choices[i].point.tokens_per_s);
    }
    EXPECT_GT(few.passed_over, 0u) << "every choice was followed";
  }
}

}  // namespace
}  // namespace splitwan::model
