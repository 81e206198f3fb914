// The page itself: its formula, run by node, and what a browser makes of it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "analysis/report/report.hh"
#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "model/ask/projection.hh"
#include "tests/fixtures/browser.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

using tests::drawn;
using tests::have;
using tests::Scratch;

// What stands between an opening tag and the next closing script tag.
std::string inside(const std::string& page, const std::string& tag) {
  const auto at = page.find(tag);
  if (at == page.npos) return "";
  const auto begin = at + tag.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

std::vector<model::Condition> many_conditions() {
  const double unlimited = std::numeric_limits<double>::infinity();
  std::vector<model::Condition> conditions;
  for (const double rtt : {0.0, 0.001, 0.08, 0.3}) {
    for (const double bps : {1e6, 33e6, 1e9, unlimited}) {
      for (const auto& [loss, jitter] : {std::pair(0.0, 0.0), {0.01, 0.0}, {0.0, 2e-3}, {0.03, 5e-3}})
        conditions.push_back({"", rtt, bps, bps / 3, loss, jitter});
    }
  }
  return conditions;
}

// Seconds of a step by the page's formula, per case {drafter, condition}.
Json by_the_page(const model::LatencyModel& m, const Json& cases) {
  const Scratch script("_formula.js"), result("_formula.json");
  const Json data = report_data(model::Study(tests::synthesise({})), m);
  engine::write_file(script.path, inside(render_html(data), R"(<script id="closed-form">)") +
                                      "const data = " + data.dump() + ";\nconst cases = " + cases.dump() +
                                      R"(;
console.log(JSON.stringify(cases.map(c => closedForm.decodeStep(
  data.model, data.model.drafters.find(d => d.drafter === c.drafter), c, data.link))));
)");
  const std::string command = "node " + script.path + " > " + result.path;
  if (std::system(command.c_str()) != 0) throw engine::Error("{}: failed", command);
  return engine::read_json_file(result.path);
}

TEST(Page, its_formula_is_the_models) {
  if (!have("node")) GTEST_SKIP() << "node is not installed";
  model::LatencyModel m = model::fit(tests::synthesise({.noise = 0.05}));
  m.chance = {{1.25, 0.1}, {1.1, 0.1}, true};  // no multiple may be taken for another, or for 1
  m.decode.stragglers_s = 1e-4;
  m.drafters[0].draft_s = 2e-3;
  m.drafters[0].shapes[0].bytes_up = 300e3;  // many flights, past the end of slow start
  Json cases = Json::array();
  std::vector<model::Components> expected;
  for (const auto& condition : many_conditions()) {
    for (const auto& d : m.drafters) {
      expected.push_back(m.decode_step(d, condition));
      cases.push_back(to_json(condition));
      cases.back()["drafter"] = d.drafter;
    }
  }
  const Json found = by_the_page(m, cases);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(found[i]["total_s"].get<double>() / expected[i].total_s(), 1, 1e-9) << cases[i].dump();
    EXPECT_NEAR(found[i]["loss_s"], expected[i].loss_s(), 1e-9 * expected[i].total_s()) << cases[i].dump();
    EXPECT_NEAR(found[i]["jitter_s"], expected[i].jitter_s, 1e-9 * expected[i].total_s()) << cases[i].dump();
  }
}

TEST(Page, a_browser_draws_every_section_of_it) {
  if (!have("chromium")) GTEST_SKIP() << "chromium is not installed";
  auto runs = tests::synthesise({.noise = 0.05});
  for (auto& run : runs) run.header.scenario = {{"summary", "ablation"}};
  std::string log;
  const std::string page = drawn(render_html(report_data(model::Study(runs), std::nullopt)), log);
  EXPECT_EQ(log.find("Uncaught"), std::string::npos) << log;
  for (const char* part : {"Tokens per step at 80 ms round-trip time", "class=\"mark group0\"",
                           "class=\"whisker group0\"", "class=\"segment server\"", "<canvas",
                           "type=\"range\"", "Guesses that hold", "Milliseconds per token at 80 ms",
                           "Inside the range that was measured.", "Every fold: each round-trip time held out",
                           "class=\"point group0\"", "intervals held", "Standard error"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
}

TEST(Page, a_browser_draws_what_there_is_without_a_model) {
  if (!have("chromium")) GTEST_SKIP() << "chromium is not installed";
  std::string log;
  const std::string page = drawn(
      render_html(report_data(model::Study(tests::synthesise({.rtts_s = {0.08}, .steps = 0})), std::nullopt)),
      log);
  EXPECT_EQ(log.find("Uncaught"), std::string::npos) << log;
  EXPECT_NE(page.find("No projection: the traces hold no decode step"), std::string::npos);
  EXPECT_EQ(page.find("<canvas"), std::string::npos);
}

}  // namespace
}  // namespace splitwan::analysis
