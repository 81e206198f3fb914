#include "analysis/report/report.hh"

#include <gtest/gtest.h>

#include <regex>

#include "analysis/summary/summary.hh"
#include "engine/base/error.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

const std::vector<engine::Run>& runs() {
  static const auto runs = tests::synthesise({.noise = 0.05});
  return runs;
}

const std::string& html() {
  static const std::string html = render_html(report_data(model::Study(runs()), std::nullopt));
  return html;
}

// What stands between an opening tag and the next closing script tag.
std::string part_of(const std::string& page, const std::string& tag) {
  const auto at = page.find(tag);
  if (at == page.npos) return "";
  const auto begin = at + tag.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

Json embedded() { return Json::parse(part_of(html(), R"(<script type="application/json" id="data">)")); }

TEST(Summary, counts_what_the_runs_did) {
  const Json summary = summarise(model::Study(tests::synthesise({.rtts_s = {0.08}})));
  EXPECT_EQ(summary.begin().key(), "schema_version");
  ASSERT_EQ(summary["results"].size(), 2u);
  const Json& ngram = summary["results"][0];
  EXPECT_EQ(ngram["drafter"], "ngram");
  EXPECT_EQ(ngram["runs"], 2);
  EXPECT_EQ(ngram["steps"], 120);
  EXPECT_EQ(ngram["tokens"], 202);  // two first tokens, then 120 steps of 10/6
  EXPECT_NEAR(ngram["tokens_per_step"], 10.0 / 6, 1e-12);
  EXPECT_NEAR(ngram["tokens_per_s"].get<double>() * ngram["step"]["total_s"].get<double>(), 10.0 / 6, 1e-9);
  EXPECT_EQ(ngram["round_trips"], 122);
}

TEST(Summary, decomposition_sums_to_the_step) {
  const Json summary = summarise(model::Study(runs()));
  for (const Json& r : summary["results"]) {
    const Json& s = r["step"];
    EXPECT_NEAR(s["client_s"].get<double>() + s["server_s"].get<double>() + s["network_s"].get<double>() +
                    s["overhead_s"].get<double>(),
                s["total_s"].get<double>(), 1e-12);
    // The windows of these connections hold every message.
    EXPECT_NEAR(s["network_s"].get<double>() - s["wire_s"].get<double>(), r["rtt_s"].get<double>(), 1e-5);
  }
}

TEST(Summary, acceptance_of_no_guesses_is_null) {
  const Json summary = summarise(model::Study(runs()));
  ASSERT_FALSE(summary["results"].empty());
  for (const Json& r : summary["results"]) EXPECT_EQ(r["acceptance"].is_null(), r["drafter"] == "sequential");
}

TEST(Report, loads_nothing_from_a_network) {
  const std::regex load(
      R"re((src|href|action)\s*=\s*["']?\s*(https?:)?//|@import|fetch\s*\(|XMLHttpRequest|WebSocket|url\(\s*["']?(https?:)?//)re",
      std::regex::icase);
  EXPECT_FALSE(std::regex_search(html(), load));
  EXPECT_EQ(html().find("<link"), std::string::npos);
  EXPECT_EQ(html().find("{{"), std::string::npos);  // every part of the page is in
}

TEST(Report, carries_the_summarys_numbers) {
  const Json data = embedded();
  EXPECT_EQ(data["summary"], Json::parse(summarise(model::Study(runs())).dump()));
  EXPECT_EQ(data["validation"]["cross_validation"]["by_rtt"]["folds"].size(), 8u);
  EXPECT_EQ(data["validation"]["coverage_runs"]["all"]["runs"], runs().size());
  EXPECT_EQ(data["projection"].size(), 16u);
}

TEST(Report, text_from_a_trace_cannot_end_its_script) {
  auto hostile = runs();
  for (auto& run : hostile) run.header.compute = "</script><script>alert(1)</script>";
  EXPECT_EQ(render_html(report_data(model::Study(hostile), std::nullopt)).find("alert(1)</script>"),
            std::string::npos);
}

TEST(Report, without_a_fit_says_why) {
  const Json data = report_data(model::Study(tests::synthesise({.steps = 0})), std::nullopt);
  EXPECT_TRUE(data["model"].is_null());
  EXPECT_NE(data["why_no_model"].get<std::string>().find("no decode step"), std::string::npos);
  EXPECT_NE(render_markdown(data).find("No model: the traces hold no decode step"), std::string::npos);
}

TEST(Report, markdown_of_hostile_names_has_no_html_link_or_row_of_theirs) {
  auto hostile = runs();
  const std::string name = "<img src=x onerror=alert(1)> | [a](http://b)\n| forged \x1b[31m";
  for (engine::Run& run : hostile) {
    run.header.drafter = name;
    run.header.compute = name;
    run.header.wire = name;
    run.header.scenario_name = name;
    run.header.prompt->kind = name;
  }
  const std::string text = render_markdown(report_data(model::Study(hostile), std::nullopt));
  EXPECT_EQ(text.find("<img"), text.npos);
  EXPECT_EQ(text.find("]("), text.npos);
  EXPECT_EQ(text.find("\n| forged"), text.npos);
  EXPECT_EQ(text.find('\x1b'), text.npos);
  EXPECT_NE(text.find("&#60;img src=x"), text.npos);
}

TEST(Report, markdown_has_the_same_tables) {
  const std::string text = render_markdown(report_data(model::Study(runs()), std::nullopt));
  for (const char* part : {"## Measured", "## Projected", "## Validation", "| round-trip time | 8 |",
                           "planted coefficients", "| 80 ms, 100/200 Mbit/s | ngram |"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

// Two drafters on four prompts at two temperatures, as the runner would trace them.
std::vector<engine::Run> ablation() {
  std::vector<engine::Run> all;
  for (const double temperature : {0.0, 0.8}) {
    for (auto& run : tests::synthesise({.rtts_s = {0.02, 0.08}})) {
      run.header.sampling = engine::Sampling{.temperature = temperature};
      run.header.scenario = {{"summary", "ablation"}};
      all.push_back(std::move(run));
    }
  }
  return all;
}

TEST(Report, a_study_is_shown_where_no_model_can_be_fitted) {
  const Json data = report_data(model::Study(ablation()), std::nullopt);
  EXPECT_EQ(data["study"]["kind"], "ablation");
  EXPECT_TRUE(data["model"].is_null());
  EXPECT_NE(data["why_no_model"].get<std::string>().find("differ in sampling"), std::string::npos);
}

TEST(Report, markdown_says_what_guessing_gains_by_prompt_class_round_trip_and_temperature) {
  const Json data = report_data(model::Study(ablation()), std::nullopt);
  const std::string text = render_markdown(data);
  EXPECT_NE(text.find("\nTemperature 0;"), std::string::npos);
  EXPECT_NE(text.find("\nTemperature 0.8;"), std::string::npos);
  EXPECT_NE(text.find("| tokens/s, 20 ms | tokens/s, 80 ms | left out |"), std::string::npos);
  for (const Json& c : data["study"]["cells"]) {
    if (c["rtt_s"] != 0.08) continue;
    const std::string row =
        fmt::format("| {} | {} | {:.2f} | {:.2f} to {:.2f} | {:.1f} |", c["drafter"].get<std::string>(),
                    c["category"].get<std::string>(), c["tokens_per_step"].get<double>(),
                    c["tokens_per_step_ci90"][0].get<double>(), c["tokens_per_step_ci90"][1].get<double>(),
                    c["rows_per_step"].get<double>());
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
  EXPECT_NE(text.find("| 80 ms, 100/200 Mbit/s | ngram, temperature 0.8 |"), std::string::npos);
  EXPECT_LT(text.find("| ngram | average |"),
            text.find("| sequential | average |"));  // what gains most first
}

TEST(Report, a_models_file_says_how_it_was_validated) {
  model::LatencyModel m = model::fit(runs());
  EXPECT_EQ(report_data(model::Study(runs()), m)["why_no_validation"],
            "the model's file holds no validation");
  m.validation = {{"folds", {{"rtt", {{"n", 7}, {"median", 0.01}, {"worst", 0.02}}}}}};
  const Json data = report_data(model::Study(runs()), m);
  EXPECT_EQ(data["validation"]["folds"]["rtt"]["n"], 7);
  EXPECT_FALSE(data["model"].contains("folds"));  // the page carries it once
  EXPECT_NE(render_markdown(data).find("| round-trip time | 7 | 1.00 % | 2.00 % |"), std::string::npos);
}

}  // namespace
}  // namespace splitwan::analysis
