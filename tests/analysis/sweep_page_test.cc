// What a browser makes of a sweep: heat map, small multiples, front.
#include <gmock/gmock.h>

#include "tests/fixtures/swept.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using testing::HasSubstr, testing::Not;
using tests::choosing_text, tests::count, tests::Row, tests::sweep_drawn, tests::sweep_of, tests::sweep_row;

Sweep grid() { return sweep_of(tests::as_csv(tests::grid_rows())); }

std::string after(const std::string& section, const std::string& heading) {
  const auto at = section.find(">" + heading + "<");
  return at == section.npos ? "" : section.substr(at, section.find("<h3", at + 1) - at);
}
std::string heat_map(const std::string& section) { return after(section, "Heat map"); }
std::string multiples(const std::string& section) { return after(section, "Curves side by side"); }
std::string front(const std::string& section) { return after(section, "What no other row beats in both"); }

// What the page unpacks, by node.
Json unpacked(const Sweep& sweep, const std::string& expression) {
  const tests::Scratch script("_sweep.js"), result("_sweep.json");
  const std::string page = tests::sweep_page(sweep), begin = "// A sweep's rows, column by column";
  const auto at = page.find(begin);
  engine::write_file(
      script.path, page.substr(at, page.find("</script>", at) - at) +
                       "const data = " + with_columns(swept_data(sweep), sweep).dump() +
                       ";\nconst read = sweepColumns.read(data);\nconsole.log(JSON.stringify(" + expression +
                       "));\n");
  const std::string command = "node " + script.path + " > " + result.path;
  if (std::system(command.c_str()) != 0) throw engine::Error("{}: failed", command);
  return engine::read_json_file(result.path);
}

void expect_the_tables_numbers(const Sweep& sweep) {
  const Json quantities = unpacked(sweep, "read.quantities.map(q => Array.from(q.of))");
  const Json axes = unpacked(sweep, "read.axes.map(a => Array.from(a.at, i => i < 0 ? null : a.values[i]))");
  ASSERT_EQ(quantities.size(), sweep.quantities.size());
  std::size_t compared = 0;
  for (std::size_t i = 0; i < quantities.size(); ++i)
    for (std::size_t row = 0; row < sweep.table.rows; ++row, ++compared) {
      const auto& value = sweep.quantities[i].values[row];
      ASSERT_EQ(quantities[i][row], value ? Json(*value) : Json())
          << sweep.quantities[i].column << " " << row;
    }
  for (std::size_t i = 0; i < axes.size(); ++i)
    for (std::size_t row = 0; row < sweep.table.rows; ++row) {
      const SweepAxis& axis = sweep.axes[i];
      ASSERT_EQ(axes[i][row], axis.at[row] == unknown_value ? Json() : Json(axis.values[axis.at[row]]));
    }
  EXPECT_GT(compared, 100u);
}

TEST(SweepPage, carries_the_tables_numbers_to_the_last_bit) {
  if (!tests::have("node")) GTEST_SKIP() << "node is not installed";
  expect_the_tables_numbers(grid());
}

TEST(SweepPage, carries_thousands_of_rows_in_fewer_bytes_than_the_table) {
  if (!tests::have("node")) GTEST_SKIP() << "node is not installed";
  std::vector<Row> rows;
  for (int i = 0; i < 3000; ++i)
    rows.push_back(
        sweep_row(std::to_string(i), {{"f.g", std::to_string(i % 700)}}, "ngram", 100.0 / (i + 3), 7 * i));
  const std::string table = tests::as_csv(rows);
  const Sweep sweep = sweep_of(table);
  expect_the_tables_numbers(sweep);
  EXPECT_LT(with_columns(swept_data(sweep), sweep).dump().size(), table.size());
}

TEST(SweepPage, a_browser_draws_a_map_with_a_cell_for_each_place_and_a_hole_for_one_that_failed) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string map = heat_map(sweep_drawn(grid()));
  EXPECT_EQ(count(map, "class=\"cell\""), 3 * 2u);  // round-trip times by rates, at split.head 2, sequential
  EXPECT_EQ(count(map, "class=\"cell hole\""), 0u);
  EXPECT_THAT(map, HasSubstr("network.rtt 20ms, network.rate 10Mbit: 8.2<"));
  EXPECT_THAT(map, HasSubstr("network.rtt 160ms, network.rate 100Mbit: 5.81<"));
  EXPECT_THAT(map, HasSubstr(">8.20</text>"));
  EXPECT_THAT(map, HasSubstr("Held: split.head 2, drafter sequential."));
  const std::string other =
      heat_map(sweep_drawn(grid(), choosing_text("split.head", "4") + choosing_text("drafter", "ngram")));
  EXPECT_EQ(count(other, "class=\"cell hole\""), 1u);
  EXPECT_EQ(count(other, "class=\"cell\""), 5u);
  EXPECT_THAT(other, HasSubstr("network.rtt 160ms, network.rate 10Mbit: no result; failed: 9"));
  EXPECT_THAT(other, HasSubstr("1 hole; failed here: 9."));
  EXPECT_THAT(other, HasSubstr("network.rtt 20ms, network.rate 100Mbit: 44.1<"));
}

TEST(SweepPage, a_browser_draws_the_axes_and_the_quantity_that_are_chosen) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string map =
      heat_map(sweep_drawn(grid(), choosing_text("Across", "drafter") + choosing_text("Up", "split.head") +
                                       choosing_text("Quantity", "Bytes per token, both ways") +
                                       choosing_text("network.rate", "100Mbit")));
  EXPECT_EQ(count(map, "class=\"cell\""), 2 * 2u);
  EXPECT_THAT(map, HasSubstr("drafter ngram, split.head 4: 640&nbsp;B"));
  EXPECT_THAT(map, HasSubstr("Held: network.rtt 80ms, network.rate 100Mbit."));
  const std::string exchanged = heat_map(sweep_drawn(grid(), choosing_text("Up", "network.rtt")));
  EXPECT_THAT(exchanged, HasSubstr("network.rate 100Mbit, network.rtt 20ms: 31.3<"));
}

TEST(SweepPage, a_browser_says_which_drafter_is_best_where_and_by_how_much) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string map =
      heat_map(sweep_drawn(grid(), choosing_text("Shown in the map", "which drafter is best")));
  EXPECT_THAT(map, HasSubstr("network.rtt 20ms, network.rate 10Mbit: sequential at 8.2, 25 % from ngram"));
  EXPECT_THAT(map, HasSubstr("network.rtt 80ms, network.rate 100Mbit: ngram at 16.3, 50 % from sequential"));
  EXPECT_EQ(count(map, ">sequential</text>"), 3u);  // not by colour alone
  EXPECT_EQ(count(map, ">ngram</text>"), 3u);
}

TEST(SweepPage, a_browser_takes_the_mean_or_the_best_of_an_axis) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string best = heat_map(sweep_drawn(grid(), choosing_text("drafter", "best of all")));
  EXPECT_THAT(best, HasSubstr("network.rtt 20ms, network.rate 100Mbit: 46.9 (of 2 rows)"));
  const std::string mean = heat_map(sweep_drawn(grid(), choosing_text("drafter", "mean of all")));
  EXPECT_THAT(mean, HasSubstr("network.rtt 20ms, network.rate 100Mbit: 39.1 (of 2 rows)"));
}

TEST(SweepPage, a_browser_draws_a_panel_a_value_and_a_line_a_drafter) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string section = multiples(sweep_drawn(grid()));
  EXPECT_EQ(count(section, "<figcaption>"), 2u);  // split.head 2 and 4
  EXPECT_EQ(count(section, "class=\"point series0\""), 6 - 1 + 1u);
  EXPECT_EQ(count(section, "class=\"point series1\""), 6 - 1 + 1u);  // one of them in the list of names
  EXPECT_EQ(count(section, "class=\"hole-mark series"), 2u);         // at 10 Mbit, of both
  EXPECT_THAT(section, HasSubstr("network.rtt 80ms, drafter ngram: 4.4 ± 0.549"));
}

TEST(SweepPage, a_browser_rings_and_lists_the_front_that_the_report_tells) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const Json told = swept_data(grid())["front"]["members"];
  const std::string section = front(sweep_drawn(grid()));
  EXPECT_EQ(count(section, "class=\"best\""), told.size());
  EXPECT_EQ(count(section, "<tr>"), 1 + told.size());
  EXPECT_THAT(section, HasSubstr("Ringed: 2 rows of 22 that no other beats in both."));
  const std::string turned = front(sweep_drawn(grid(), choosing_text("Better across", "more is better")));
  EXPECT_EQ(count(turned, "class=\"best\""), 1u);
  EXPECT_THAT(
      turned,
      HasSubstr("2: network.rtt 20ms, network.rate 100Mbit, split.head 2, drafter ngram: 640&nbsp;B, 46.9"));
}

TEST(SweepPage, a_browser_bins_an_axis_of_many_values) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  std::vector<Row> rows;
  for (int i = 0; i < 60; ++i)
    rows.push_back(sweep_row(std::to_string(i), {{"f.g", std::to_string(i + 1)}, {"h.i", i % 2 ? "a" : "b"}},
                             "ngram", i + 1, 1));
  const std::string map = heat_map(sweep_drawn(sweep_of(tests::as_csv(rows))));
  EXPECT_EQ(count(map, "class=\"cell\""), 8 * 2u);
  EXPECT_THAT(map, HasSubstr("f.g 1 to 8.38, h.i b: 4 (of 4 rows)"));  // 1, 3, 5 and 7
}

TEST(SweepPage, a_browser_draws_a_sweep_of_one_factor_and_one_of_failures_alone) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  std::vector<Row> rows;
  for (const char* value : {"1", "2", "3"}) rows.push_back(sweep_row(value, {{"a.b", value}}, "ngram", 7, 1));
  EXPECT_EQ(count(heat_map(sweep_drawn(sweep_of(tests::as_csv(rows)))), "class=\"cell\""), 3u);
  for (Row& row : rows) row = sweep_row(row[0].second, {row[2]}, "", 1, 1, "lost");
  EXPECT_THAT(sweep_drawn(sweep_of(tests::as_csv(rows))),
              testing::AllOf(HasSubstr("No row has figures."), HasSubstr("Failed cells: 3")));
}

TEST(SweepPage, is_not_harmed_by_hostile_names) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string evil = "</script><script>throw 'Uncaught'</script><b id='evil'>";
  std::vector<Row> rows;
  for (const std::string& value : {evil, std::string("b"), std::string("c")})
    for (const char* y : {"1", "2"})
      rows.push_back(
          sweep_row(value + y, {{"a." + evil, value}, {"d.e", y}}, evil, 3, 1, value == "c" ? evil : ""));
  const std::string section = sweep_drawn(sweep_of(tests::as_csv(rows)));
  EXPECT_EQ(count(section, "<b id"), 0u);
  EXPECT_EQ(count(section, "class=\"cell\""), 2 * 2u);
  EXPECT_EQ(count(section, "class=\"cell hole\""), 2u);
  EXPECT_THAT(section, HasSubstr("&lt;/script&gt;"));
}

}  // namespace
}  // namespace splitwan::analysis
