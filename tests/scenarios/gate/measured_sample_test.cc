// What a trace's jobs come to, as one number.
#include "scenarios/gate/measured_sample.hh"

#include <gmock/gmock.h>

#include "engine/base/error.hh"

namespace splitwan::scenarios {
namespace {

using engine::Nanos;
using engine::Phase;
using testing::HasSubstr, testing::ThrowsMessage;

// 20 decoding steps of one token each: the server works, then the client.
engine::Run run_of(const std::function<std::int64_t(int step, Phase)>& ns) {
  engine::Run run;
  run.header.drafter = "sequential";
  for (int step = 1; step <= 21; ++step) {
    const bool prompt = step == 1;
    run.steps.push_back({.step = static_cast<std::uint64_t>(step), .prefill = prompt, .accepted = 1});
    for (const auto& [party, phase] : {std::pair{1u, Phase::middle}, std::pair{0u, Phase::tail}}) {
      engine::Span span{.step = static_cast<std::uint64_t>(step), .party = party, .phase = phase};
      span.begin = Nanos(1000 * step);
      span.end = span.begin + Nanos(ns(step, phase));
      span.rows = prompt ? 8 : 1;
      run.spans.push_back(span);
    }
  }
  return run;
}

TEST(ComputeSample, is_what_all_jobs_take_per_token_gained) {
  const auto sample =
      compute_sample({run_of([](int, Phase p) { return p == Phase::middle ? 700 : 200; })}, "t");
  EXPECT_NEAR(sample.per_token_s, 900e-9, 1e-15);
  EXPECT_NEAR(sample.phases.at(Phase::middle), 700e-9, 1e-15);
  EXPECT_NEAR(sample.phases.at(Phase::tail), 200e-9, 1e-15);
  EXPECT_EQ(sample.tokens, 20u);  // the prompt's is not counted
  EXPECT_EQ(sample.jobs, 40u);
}

TEST(ComputeSample, does_not_grow_when_the_machine_stands_still_now_and_then) {
  const auto calm = compute_sample({run_of([](int, Phase) { return 500; })}, "t");
  const auto stalled =
      compute_sample({run_of([](int step, Phase) { return step % 2 == 0 ? 500 : 40'000'000; })}, "t");
  EXPECT_EQ(calm.per_token_s, stalled.per_token_s);
  const auto slower = compute_sample({run_of([](int, Phase) { return 510; })}, "t");
  EXPECT_NEAR(slower.per_token_s / calm.per_token_s, 1.02, 1e-12);
}

TEST(ComputeSample, leaves_the_prompt_out) {
  const auto once = compute_sample({run_of([](int, Phase) { return 500; })}, "t");
  const auto again = compute_sample({run_of([](int step, Phase) { return step == 1 ? 999'999 : 500; })}, "t");
  EXPECT_EQ(once.per_token_s, again.per_token_s);
}

TEST(ComputeSample, takes_runs_of_one_drafter_together_and_tells_drafters_apart) {
  engine::Run fast = run_of([](int, Phase) { return 100; }), slow = run_of([](int, Phase) { return 300; });
  const double together = compute_sample({fast, slow}, "t").per_token_s;
  slow.header.drafter = "ngram";
  const double apart = compute_sample({fast, slow}, "t").per_token_s;
  EXPECT_NEAR(together, 200e-9, 1e-15);  // the fastest tenth of both are those of one
  EXPECT_NEAR(apart, 400e-9, 1e-15);
}

TEST(ComputeSample, of_nothing_is_refused_by_name) {
  engine::Run prompt_only = run_of([](int, Phase) { return 100; });
  prompt_only.steps.resize(1);
  EXPECT_THAT([&] { compute_sample({prompt_only}, "old: a.json"); },
              ThrowsMessage<engine::Error>(HasSubstr("old: a.json: decodes nothing")));
  EXPECT_THAT([&] { compute_sample({run_of([](int, Phase) { return 0; })}, "old: a.json"); },
              ThrowsMessage<engine::Error>(HasSubstr("computes nothing")));
}

}  // namespace
}  // namespace splitwan::scenarios
