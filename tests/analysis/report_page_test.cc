// The page itself: its formula, run by node, and what a browser makes of it.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <tuple>

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

constexpr double unlimited = std::numeric_limits<double>::infinity();

// What else a path may be than rates and delays: a name, and what it does to both links and the TCP.
struct Kind {
  const char* name;
  std::function<void(engine::LinkSpec& up, engine::LinkSpec& down, engine::TcpSpec&)> set;
};

const std::vector<Kind>& kinds() {
  using namespace std::chrono_literals;
  static const std::vector<Kind> all = {
      {"usual", [](auto&, auto&, auto&) {}},
      {"shallow queue", [](auto& up, auto& down, auto&) { up.queue_bytes = down.queue_bytes = 30'000; }},
      {"shallow queue up", [](auto& up, auto&, auto&) { up.queue_bytes = 20'000; }},
      {"kernel", [](auto&, auto&, auto& tcp) { tcp.recovery = "rack"; }},
      {"kernel, shallow queue",
       [](auto& up, auto& down, auto& tcp) {
         up.queue_bytes = down.queue_bytes = 30'000;
         tcp.recovery = "rack";
       }},
      {"MTU", [](auto& up, auto&, auto&) { up.mtu = 900; }},
      {"two segments acknowledged", [](auto&, auto&, auto& tcp) { tcp.delayed_ack_segments = 2; }},
      {"RFC 6298", [](auto&, auto&, auto& tcp) { tcp.rto_form = "rfc6298"; }},
      {"RFC 2861", [](auto&, auto&, auto& tcp) { tcp.app_limited_decay = "rfc2861"; }},
      {"no restart, 20 segments",
       [](auto&, auto&, auto& tcp) {
         tcp.slow_start_after_idle = false;
         tcp.initial_window = 20;
       }},
      {"small buffer", [](auto&, auto&, auto& tcp) { tcp.buffer = 50'000; }},
      {"schedule", [](auto& up, auto&, auto&) {
         engine::LinkState slow;
         slow.delay = 90ms;
         slow.bits_per_second = 3e6;
         slow.queue_bytes = 1'000'000;
         engine::LinkState gone = slow;
         gone.down = true;
         up.schedule = {{1s, slow}, {2s, gone}, {2500ms, slow}};
         up.period = 4s;
       }}};
  return all;
}

model::Condition condition(const Kind& kind, double rtt_s, double up_bps, double down_bps) {
  engine::LinkSpec up, down;
  engine::TcpSpec tcp;
  kind.set(up, down, tcp);
  model::Condition c{"", rtt_s, up_bps, down_bps};
  c.details = {up, down, tcp};
  return c;
}

// Without chance.
std::vector<model::Condition> clean_conditions() {
  std::vector<model::Condition> conditions;
  for (const double rtt_s : {0.001, 0.08, 0.3}) {
    for (const double bps : {2e6, 33e6, 1e9}) {
      conditions.push_back({"", rtt_s, bps, bps});  // states no TCP
      for (const Kind& kind : kinds()) conditions.push_back(condition(kind, rtt_s, bps, bps / 3));
    }
  }
  conditions.push_back({"", 0, unlimited, unlimited});
  conditions.push_back({"", 0.08, unlimited, 5e6});
  return conditions;
}

std::vector<model::Condition> chancy_conditions() {
  std::vector<model::Condition> conditions;
  for (const double rtt_s : {0.02, 0.12}) {
    for (const auto& [loss, jitter_s, tilt] :
         {std::tuple(0.01, 0.0, 0.0), {0.02, 0.0, 0.02}, {0.0, 2e-3, 0.0}, {0.01, 4e-3, 0.0}}) {
      conditions.push_back({"", rtt_s, 33e6, 100e6, loss, jitter_s, tilt});
    }
    const Kind kernel{"", [](auto&, auto&, auto& tcp) { tcp.recovery = "rack"; }};
    conditions.push_back(condition(kernel, rtt_s, 33e6, 100e6));
    conditions.back().loss = 0.01;
    const Kind shared{
        "", [](auto& up, auto& down, auto&) {
          up.cross = down.cross = {12e6, std::chrono::milliseconds(90), std::chrono::milliseconds(60)};
        }};
    conditions.push_back(condition(shared, rtt_s, 33e6, 100e6));
    const Kind bursts{"", [](auto& up, auto& down, auto&) { up.bursts = down.bursts = {0.004, 0.6, 0.5}; }};
    conditions.push_back(condition(bursts, rtt_s, 33e6, 100e6));
    for (const auto law :
         {engine::JitterLaw::uniform, engine::JitterLaw::normal, engine::JitterLaw::pareto}) {
      const Kind jitter{"", [&](auto& up, auto& down, auto&) {
                          up.jitter.law = down.jitter.law = law;
                          up.jitter.correlation = 0.8;
                          down.jitter.reorder = true;
                        }};
      conditions.push_back(condition(jitter, rtt_s, 33e6, 100e6));
      conditions.back().jitter_s = 1e-3;
    }
  }
  return conditions;
}

// Its prompts go in chunks, and some of its steps in many flights.
model::LatencyModel wide_model() {
  model::LatencyModel m = model::fit(tests::synthesise({.noise = 0.05}));
  m.decode.noise = {};
  if (m.prefill) m.prefill->noise = {};  // else the program's worlds differ by work as well
  m.decode.stragglers_s = 1e-4;
  m.drafters[0].draft_s = 2e-3;
  m.drafters[0].shapes[0].bytes_up = 300e3;  // past the end of slow start
  m.drafters[1].prompt.rows = 300;
  m.drafters[1].prompt.bytes_up = m.drafters[1].prompt.bytes_down = 1e6;
  return m;
}

// What the page's formula says of each case {drafter, condition}.
Json by_the_page(const model::LatencyModel& m, const Json& cases, std::size_t worlds) {
  const Scratch script("_formula.js"), result("_formula.json");
  const Json data = report_data(model::Study(tests::synthesise({})), m);
  engine::write_file(script.path, inside(render_html(data), R"(<script id="closed-form">)") +
                                      "const data = " + data.dump() + ";\nconst cases = " + cases.dump() +
                                      ", worlds = " + std::to_string(worlds) + R"(;
console.log(JSON.stringify(cases.map(c => closedForm.decodeStep(
  data.model, data.model.drafters.find(d => d.drafter === c.drafter), c, data.link, {many: worlds, seed: 1000}))));
)");
  const std::string command = "node " + script.path + " > " + result.path;
  if (std::system(command.c_str()) != 0) throw engine::Error("{}: failed", command);
  return engine::read_json_file(result.path);
}

struct Cases {
  Json asked = Json::array();
  std::vector<model::Answer> expected;
  Cases(const model::LatencyModel& m, const std::vector<model::Condition>& conditions, std::size_t worlds) {
    for (const auto& condition : conditions) {
      for (const auto& d : m.drafters) {
        expected.push_back(m.answer(d, condition, worlds));
        asked.push_back(to_json(condition));
        asked.back()["drafter"] = d.drafter;
      }
    }
  }
};

TEST(Page, its_formula_is_the_models) {
  if (!have("node")) GTEST_SKIP() << "node is not installed";
  const model::LatencyModel m = wide_model();
  const Cases cases(m, clean_conditions(), 1);
  EXPECT_GE(cases.expected.size(), 200u);
  const Json found = by_the_page(m, cases.asked, 1);
  ASSERT_EQ(found.size(), cases.expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const model::Components &prompt = cases.expected[i].prompt, &step = cases.expected[i].step;
    EXPECT_NEAR(found[i]["total_s"].get<double>() / step.total_s(), 1, 1e-9) << cases.asked[i].dump();
    EXPECT_NEAR(found[i]["rtt_s"], step.rtt_s, 1e-9 * step.total_s()) << cases.asked[i].dump();
    EXPECT_NEAR(found[i]["prompt_s"].get<double>() / prompt.total_s(), 1, 1e-9) << cases.asked[i].dump();
  }
}

struct Mean {
  double value = 0, error = 0;  // its standard error
};
Mean mean_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  Mean mean;
  for (const double v : values) mean.value += v / n;
  for (const double v : values) mean.error += (v - mean.value) * (v - mean.value);
  mean.error = std::sqrt(mean.error / (n - 1) / n);
  return mean;
}

// Each draws on its own, so that what agrees is the mean over many worlds: within 4.5 of the difference's
// standard errors, which are 10 % of a step at most.
TEST(Page, its_chance_has_the_models_mean) {
  if (!have("node")) GTEST_SKIP() << "node is not installed";
  constexpr std::size_t worlds = 48, steps = 25;
  model::LatencyModel m = wide_model();
  for (auto& d : m.drafters) d.steps = steps * d.runs;
  const Cases cases(m, chancy_conditions(), worlds);
  EXPECT_GE(cases.expected.size(), 32u);
  const Json found = by_the_page(m, cases.asked, worlds);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const model::Components& step = cases.expected[i].step;
    const Mean page = mean_of(found[i]["by_world"]), program = mean_of(cases.expected[i].by_world);
    const double error = std::hypot(page.error, program.error);
    EXPECT_LT(error, 0.1 * program.value) << cases.asked[i].dump();
    EXPECT_NEAR(page.value, program.value, 4.5 * error + 1e-9) << cases.asked[i].dump();
    EXPECT_NEAR(found[i]["loss_s"], step.loss_s(), 4.5 * error + 0.01 * program.value)
        << cases.asked[i].dump();
    EXPECT_NEAR(found[i]["jitter_s"], step.jitter_s, 4.5 * error + 0.01 * program.value)
        << cases.asked[i].dump();
    EXPECT_NEAR(found[i]["total_s"], page.value, 1e-9) << cases.asked[i].dump();
  }
}

TEST(Page, its_chance_is_multiplied_only_where_the_model_applies_that) {
  if (!have("node")) GTEST_SKIP() << "node is not installed";
  model::LatencyModel m = wide_model();
  m.chance = {{1.25, 0.1}, {1.1, 0.1}, false};
  const Json cases = Cases(m, {{"", 0.08, 33e6, 33e6, 0.02, 3e-3}}, 2).asked;
  const Json theory = by_the_page(m, cases, 4);
  m.chance.applied = true;
  const Json applied = by_the_page(m, cases, 4);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_NEAR(applied[i]["loss_s"].get<double>() / theory[i]["loss_s"].get<double>(), 1.25, 1e-9);
    EXPECT_NEAR(applied[i]["jitter_s"].get<double>() / theory[i]["jitter_s"].get<double>(), 1.1, 1e-9);
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

TEST(Page, a_browser_follows_the_sliders) {
  if (!have("chromium")) GTEST_SKIP() << "chromium is not installed";
  std::string log, html = render_html(report_data(model::Study(tests::synthesise({.noise = 0.05})), {}));
  html.insert(html.rfind("</body>"), R"(<script>
for (const [name, position] of [["Loss", 9], ["Jitter", 4], ["Round-trip time", 120]]) {
  const input = [...document.querySelectorAll("#controls label")].find(l => l.firstChild.textContent === name).children[1];
  input.value = position;
  input.dispatchEvent(new Event("input"));
}</script>)");
  const std::string page = drawn(html, log);
  EXPECT_EQ(log.find("Uncaught"), std::string::npos) << log;
  for (const char* part : {"Milliseconds per token at 120 ms · 100/200 Mbit/s · 2 % loss · 1 ms jitter",
                           "class=\"segment loss\"", "class=\"segment jitter\"",
                           "Extrapolated, outside what was measured: loss"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
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
