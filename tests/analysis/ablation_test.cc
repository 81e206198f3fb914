// The comparison of drafters: what counts, what is left out, and how classes are averaged.
#include <gmock/gmock.h>

#include <functional>

#include "analysis/report/report.hh"
#include "analysis/summary/summary.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using engine::Nanos;
using engine::Run;
using engine::Token;

struct Written {
  std::string drafter, prompt, kind;
  std::vector<std::uint32_t> accepted;  // by decode step, 100 ms each
  bool loops = false;
  double temperature = 0;
};

Run run_of(const Written& w) {
  Run run;
  run.header = engine::run_header_of(
      {{"type", "run"},
       {"schema_version", 1},
       {"conditions", {{"network", "ns3"}, {"rtt_s", 0.08}, {"up_bps", 1e8}, {"down_bps", 1e8}, {"loss", 0}}},
       {"drafter", w.drafter},
       {"prompt", {{"name", w.prompt}, {"class", w.kind}, {"tokens", 5}}},
       {"sampling", {{"temperature", w.temperature}}},
       {"scenario", {{"summary", "ablation"}}}},
      "test");
  Nanos now{};
  run.steps.push_back({.step = 1, .prefill = true, .rows = 5, .accepted = 1});
  for (const std::uint32_t gained : w.accepted) {
    const Nanos end = now + std::chrono::milliseconds(100);
    run.steps.push_back({.step = run.steps.size() + 1,
                         .begin = now,
                         .end = end,
                         .rows = 4,
                         .drafted = 3,
                         .accepted = gained});
    now = end;
  }
  std::vector<Token> ids(40);
  for (int i = 0; i < 40; ++i) ids[i] = w.loops ? i % 4 : i;
  run.end = {{"type", "end"}, {"output_ids", ids}};
  return run;
}

Json summary_of(const std::vector<Written>& written) {
  std::vector<Run> runs;
  runs.reserve(written.size());
  for (const Written& w : written) runs.push_back(run_of(w));
  return summarise(model::Study(runs));
}

Json cell(const Json& summary, const std::string& drafter, const std::string& category) {
  for (const Json& c : summary["cells"])
    if (c["drafter"] == drafter && c["category"] == category) return c;
  ADD_FAILURE() << "no cell " << drafter << " " << category;
  return {};
}

const std::vector<Written> four{{"sequential", "a-1", "a", {1, 1, 1, 1}},
                                {"sequential", "a-2", "a", {1, 1}},
                                {"sequential", "b-1", "b", {1, 1}},
                                {"sequential", "b-2", "b", {1, 1}, true},
                                {"guess", "a-1", "a", {2, 2}},
                                {"guess", "a-2", "a", {1, 1}},
                                {"guess", "b-1", "b", {4, 4}},
                                {"guess", "b-2", "b", {4, 4, 4}, true}};

TEST(Ablation, counts_tokens_per_step_and_against_decoding_one_by_one) {
  const Json summary = summary_of(four);
  EXPECT_EQ(summary["kind"], "ablation");
  const Json a = cell(summary, "guess", "a");
  EXPECT_EQ(a["prompts"], 2);
  EXPECT_DOUBLE_EQ(a["tokens_per_step"], 1.5);
  EXPECT_DOUBLE_EQ(a["tokens_per_s"], 15);
  EXPECT_DOUBLE_EQ(a["over_sequential"], 1.5);
  EXPECT_DOUBLE_EQ(a["rows_per_step"], 4);
  EXPECT_DOUBLE_EQ(a["match_rate"], 2.0 / 12);
  EXPECT_EQ(a["tokens_per_step_ci90"], Json::parse("[1.0, 2.0]"));  // either prompt, drawn twice
  EXPECT_EQ(a["repeat_4gram"], 0);
}

TEST(Ablation, leaves_out_prompts_whose_sequential_text_loops_and_says_how_many) {
  const Json b = cell(summary_of(four), "guess", "b");
  EXPECT_EQ(b["prompts"], 1);
  EXPECT_DOUBLE_EQ(b["tokens_per_step"], 4);
  EXPECT_DOUBLE_EQ(b["share_left_out"], 0.5);
}

TEST(Ablation, weighs_every_class_alike_and_passes_over_those_with_nothing_left) {
  Json average = cell(summary_of(four), "guess", "average");
  EXPECT_DOUBLE_EQ(average["tokens_per_step"], (1.5 + 4) / 2);
  EXPECT_DOUBLE_EQ(average["over_sequential"], average["tokens_per_s"].get<double>() / 10);
  auto looping = four;
  looping[2].loops = true;
  const Json summary = summary_of(looping);
  EXPECT_TRUE(cell(summary, "guess", "b")["tokens_per_step"].is_null());
  EXPECT_DOUBLE_EQ(cell(summary, "guess", "average")["tokens_per_step"], 1.5);
}

TEST(Ablation, tells_temperatures_apart_and_needs_a_sequential_run_of_each) {
  auto mixed = four;
  mixed.push_back({"guess", "a-1", "a", {2, 2}, false, 0.8});
  EXPECT_THAT(tests::error_of([&] { summary_of(mixed); }),
              testing::HasSubstr("prompt a-1 at temperature 0.8 has no sequential run"));
  mixed.push_back({"sequential", "a-1", "a", {1, 1}, false, 0.8});
  EXPECT_EQ(summary_of(mixed)["cells"].size(), 2u * 3 + 2 * 2);
}

TEST(Ablation, names_what_a_header_lacks) {
  const auto lacking = [](const std::function<void(engine::RunHeader&)>& change) {
    engine::Run run = run_of(four[0]);
    change(run.header);
    return tests::error_of([&] { summarise(model::Study({run})); });
  };
  EXPECT_THAT(lacking([](engine::RunHeader& h) { h.prompt->name.clear(); }),
              testing::HasSubstr("a prompt with a name"));
  EXPECT_THAT(lacking([](engine::RunHeader& h) { h.prompt->kind.clear(); }),
              testing::HasSubstr("and a class"));
  EXPECT_THAT(lacking([](engine::RunHeader& h) { h.prompt.reset(); }),
              testing::HasSubstr("header: expected a prompt"));
  EXPECT_THAT(lacking([](engine::RunHeader& h) { h.network.edges.clear(); }),
              testing::HasSubstr("round-trip time"));
}

TEST(Ablation, is_in_the_report_as_a_table_and_in_the_page_as_data) {
  std::vector<engine::Run> runs;
  runs.reserve(four.size());
  for (const Written& w : four) runs.push_back(run_of(w));
  const Json data = report_data(model::Study(runs), std::nullopt);
  const std::string markdown = render_markdown(data);
  EXPECT_THAT(markdown, testing::HasSubstr("## What guessing gains"));
  EXPECT_THAT(markdown, testing::HasSubstr("| guess | a | 1.50 | 1.00 to 2.00 | 4.0 |"));
  EXPECT_THAT(markdown, testing::HasSubstr("| guess | average | 2.75 |"));
  EXPECT_THAT(render_html(data), testing::HasSubstr("\"kind\":\"ablation\""));
  runs[0].header.sampling->temperature = runs[4].header.sampling->temperature = 0.5;
  EXPECT_THAT(report_data(model::Study(runs), std::nullopt)["why_no_model"].dump(),
              testing::HasSubstr("differ in sampling"));
}

}  // namespace
}  // namespace splitwan::analysis
