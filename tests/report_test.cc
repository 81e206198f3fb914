#include "analysis/report.hh"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <regex>

#include "analysis/summary.hh"
#include "engine/json_file.hh"
#include "engine/output_file.hh"
#include "model/projection.hh"
#include "tests/trace_fixture.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

const std::vector<engine::Run>& runs() {
  static const auto runs = test::synthesise({.noise = 0.05});
  return runs;
}

const std::string& html() {
  static const std::string html = render_report(runs(), std::nullopt);
  return html;
}

// What stands between an opening tag and the next closing script tag.
std::string inside(const std::string& page, const std::string& tag) {
  const auto at = page.find(tag);
  if (at == page.npos) return "";
  const auto begin = at + tag.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

Json embedded() { return Json::parse(inside(html(), R"(<script type="application/json" id="data">)")); }

TEST(Summary, counts_what_the_runs_did) {
  const Json summary = summarise(test::synthesise({.rtts_s = {0.08}}));
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
  const Json summary = summarise(runs());
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
  const Json summary = summarise(runs());
  ASSERT_FALSE(summary["results"].empty());
  for (const Json& r : summary["results"])
    EXPECT_EQ(r["acceptance"].is_null(), r["drafter"] == "sequential");
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
  EXPECT_EQ(data["summary"], Json::parse(summarise(runs()).dump()));
  EXPECT_EQ(data["cross_validation"]["folds"].size(), 8u);
  EXPECT_EQ(data["projection"].size(), 16u);
}

TEST(Report, text_from_a_trace_cannot_end_its_script) {
  auto hostile = runs();
  for (auto& run : hostile) run.header["compute"] = "</script><script>alert(1)</script>";
  EXPECT_EQ(render_report(hostile, std::nullopt).find("alert(1)</script>"), std::string::npos);
}

TEST(Report, without_a_fit_says_why) {
  const Json data = report_data(test::synthesise({.steps = 0}), std::nullopt);
  EXPECT_TRUE(data["model"].is_null());
  EXPECT_NE(data["why_no_model"].get<std::string>().find("no decode step"), std::string::npos);
  EXPECT_NE(render_markdown(data).find("No model: the traces hold no decode step"), std::string::npos);
}

TEST(Report, markdown_has_the_same_tables) {
  const std::string text = render_markdown(report_data(runs(), std::nullopt));
  for (const char* part : {"## Measured", "## Projected", "## Validation", "planted coefficients",
                           "| 80 ms, 100/200 Mbit/s | ngram |"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

TEST(Report, the_pages_formula_is_the_models) {
  if (std::system("node --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "node is not installed";
  const model::LatencyModel m = model::fit(runs());
  Json cases = Json::array();
  std::vector<double> expected;
  const double unlimited = std::numeric_limits<double>::infinity();
  for (const double rtt : {0.0, 0.001, 0.08, 0.3}) {
    for (const double bps : {1e6, 33e6, 1e9, unlimited}) {
      for (const auto& d : m.drafters) {
        for (const double chance : {0.0, 0.002}) {
          const auto point = to_json(project(m, {"", rtt, bps, bps / 3, chance, chance}, d.drafter));
          expected.push_back(point["tokens_per_s"]);
          cases.push_back(point);
        }
      }
    }
  }
  const std::string base = ::testing::TempDir() + "splitwan_closed_form_" + std::to_string(getpid());
  engine::write_file(base + ".js", inside(html(), R"(<script id="closed-form">)") + "const data = " +
                                       embedded().dump() + ";\nconst cases = " + cases.dump() + R"(;
console.log(JSON.stringify(cases.map(c => closedForm.tokensPerSecond(
  data.model, data.model.drafters.find(d => d.drafter === c.drafter), c, data.link))));
)");
  ASSERT_EQ(std::system(("node " + base + ".js > " + base + ".json").c_str()), 0);
  const Json found = engine::read_json_file(base + ".json");
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(found[i].get<double>() / expected[i], 1, 1e-9) << cases[i].dump();
  }
  std::remove((base + ".js").c_str());
  std::remove((base + ".json").c_str());
}

}  // namespace
}  // namespace splitwan::analysis
