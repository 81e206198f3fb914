// What a browser makes of two runs side by side.
#include <gmock/gmock.h>

#include "analysis/sides/sides.hh"
#include "tests/fixtures/browser.hh"
#include "tests/fixtures/sides_records.hh"
#include "tests/fixtures/studied.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using testing::HasSubstr, testing::Not;
using namespace tests;

std::string sides_drawn(const Json& data, const std::string& script = "") {
  std::string log, html = render_sides_html(data);
  const std::string page = drawn(html.insert(html.rfind("</body>"), "<script>" + script + "</script>"), log);
  EXPECT_EQ(log.find("Uncaught"), std::string::npos) << log;
  const auto begin = page.find("<main>");
  return page.substr(begin, page.find("<script", begin) - begin);
}

std::string chosen(const std::string& name, int value) {
  return fmt::format(
      "{{ const label = [...document.querySelectorAll('label.choice')].find(l => l.firstChild.textContent "
      "=== '{}');"
      "label.lastChild.value = '{}'; label.lastChild.dispatchEvent(new Event('change')); }}\n",
      name, value);
}

TEST(SidesPage, loads_nothing_from_a_network) {
  const std::string html = render_sides_html(sides_data(split_record(), with_a_smaller_window()));
  EXPECT_EQ(html.find("{{"), std::string::npos);
  for (const char* loads : {" src=", "@import", "url(http", "fetch("})
    EXPECT_EQ(html.find(loads), std::string::npos) << loads;
}

TEST(SidesPage, a_browser_draws_both_steps_and_marks_what_differs) {
  if (!have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string page = sides_drawn(sides_data(split_record(), with_a_smaller_window()));
  EXPECT_THAT(page, HasSubstr("1 of 2 cells differs."));
  EXPECT_THAT(page, HasSubstr("<td class=\"text\">window, step 3 of run 1 (list)</td>"));
  EXPECT_THAT(page, HasSubstr("First to differ: run 1 (list), step 3: message from 0 to 1: 2 flights"));
  EXPECT_THAT(page, HasSubstr("Settings that changed: wire \"f32\" -&gt; \"f16\"."));
  EXPECT_EQ(count(page, "class=\"message\""), 2u);  // the way down, of both
  EXPECT_EQ(count(page, "class=\"message differs\""), 2u);
  EXPECT_EQ(count(page, "class=\"job client\""), 2 * 2u);
  EXPECT_EQ(count(page, "class=\"job server\""), 2u);
  EXPECT_EQ(count(page, "class=\"lane\""), 2 * 2u);
  EXPECT_THAT(page, HasSubstr("client to server: 1,000 bytes · 2 flights · window 2,896, 120 ms under way; "
                              "differs in flights, window, time"));
  EXPECT_THAT(page, HasSubstr("client to server: 1,000 bytes · 1 flight · window 14,480, 40 ms under way"));
  EXPECT_THAT(page, HasSubstr("<td class=\"differs\">flights, window, time</td>"));
}

TEST(SidesPage, a_browser_draws_the_tables_numbers) {
  if (!have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string page = sides_drawn(sides_data(split_record(), with_a_smaller_window()));
  EXPECT_THAT(page,
              HasSubstr(">93.000</td><td class=\"number\">103.000</td><td class=\"number\">+10.000</td>"));
  EXPECT_THAT(page, HasSubstr("Network and waiting: 90.0 ms"));
  EXPECT_EQ(count(page, "class=\"curve-before\""), 1u);
  EXPECT_EQ(count(page, "class=\"curve-now\""), 1u);
  EXPECT_THAT(page, HasSubstr("step 3: +80.000 ms"));
  EXPECT_EQ(count(page, "class=\"slower\""), 1u);
  const std::string other =
      sides_drawn(sides_data(split_record(), with_a_smaller_window()), chosen("Run", 0));
  EXPECT_THAT(other, HasSubstr("Every step takes as long as it did."));
  EXPECT_EQ(count(other, "class=\"slower\""), 0u);
}

TEST(SidesPage, a_browser_says_so_where_both_are_the_same) {
  if (!have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string page = sides_drawn(sides_data(split_record(), split_record()));
  EXPECT_THAT(page, HasSubstr("2 cells, all the same."));
  EXPECT_THAT(page, HasSubstr("Both are the same: every step, message and job of 2 runs."));
  EXPECT_EQ(count(page, "class=\"message"), 0u);
}

TEST(SidesPage, a_browser_shows_the_cell_that_is_chosen_those_that_differ_first) {
  if (!have("chromium")) GTEST_SKIP() << "chromium is not installed";
  auto before = split_record(), now = with_a_smaller_window();
  std::swap(before[0].cells[0], before[0].cells[1]);
  std::swap(now[0].cells[0], now[0].cells[1]);
  EXPECT_THAT(sides_drawn(sides_data(before, now)), HasSubstr("First to differ"));
  EXPECT_THAT(sides_drawn(sides_data(before, now), chosen("Cell", 0)), HasSubstr("Both are the same"));
}

TEST(SidesPage, a_browser_draws_a_lane_a_party) {
  if (!have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string page = sides_drawn(sides_data(sharded_record(6), sharded_record(6, 9)));
  EXPECT_EQ(count(page, "class=\"lane\""), 2 * 7u);
  EXPECT_EQ(count(page, "class=\"job server\""), 2 * 5u);
  EXPECT_EQ(count(page, "class=\"job server differs\""), 2u);
  EXPECT_THAT(page, HasSubstr("Busiest node’s work"));
  EXPECT_THAT(page, HasSubstr(">node 6</text>"));
}

GateResult regressed() {
  GateResult result;
  result.verdict = Verdict::regressed;
  result.rows = {{"gate-split", "80 ms, ngram", "tokens_per_s", "tokens/s", true, 21.5, 19.4,
                  Verdict::regressed, "one flight more"},
                 {"gate-split", "80 ms, ngram", "tokens_per_step", "tokens", true, 2, 2, Verdict::pass, ""}};
  result.notes = {"a note"};
  return result;
}

TEST(SidesPage, a_browser_shows_the_gates_verdict_above) {
  if (!have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const GateResult result = regressed();
  const Json data = sides_data(split_record(), with_a_smaller_window(), &result);
  const std::string page = sides_drawn(data);
  EXPECT_THAT(page, HasSubstr("Against the baseline: regressed"));
  EXPECT_THAT(page, HasSubstr("<td class=\"verdict-word regressed\">regressed</td>"));
  EXPECT_EQ(count(page, "class=\"verdict-cell\""), 1u);
  EXPECT_THAT(page, HasSubstr("<p class=\"range\">one flight more</p>"));
  EXPECT_THAT(page, HasSubstr("<li>a note</li>"));
  EXPECT_THAT(page, HasSubstr("As before: 1 of 2 lines."));
  EXPECT_THAT(render_sides_markdown(data),
              HasSubstr("| tokens_per_s | 21.5 | 19.4 | -9.77 % | regressed | one flight more |"));
}

TEST(SidesPage, is_not_harmed_by_hostile_names) {
  if (!have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string evil = "</script><script>throw 'Uncaught'</script><b id='evil'>";
  auto before = split_record(), now = with_a_smaller_window();
  for (auto* records : {&before, &now}) {
    (*records)[0].name = (*records)[0].cells[0].name = evil;
    (*records)[0].cells[0].runs[1].prompt = evil;
  }
  now[0].settings["wire"] = evil;
  Json data = sides_data(before, now);
  data["names"]["now"] = evil;
  const std::string page = sides_drawn(data);
  EXPECT_EQ(count(page, "<b id"), 0u);
  EXPECT_EQ(count(page, "class=\"message differs\""), 2u);
}

}  // namespace
}  // namespace splitwan::analysis
