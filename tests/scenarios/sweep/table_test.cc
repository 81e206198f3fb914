// The table: names, order, quotes.
#include "scenarios/sweep/table.hh"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "engine/base/json.hh"

namespace splitwan::scenarios {
namespace {

using testing::HasSubstr;

CellResult ok(std::size_t cell, const Json& factors, const Json& rows) {
  return {cell, "h" + std::to_string(cell), factors, rows.dump(), ""};
}

TEST(SweepTable, quotes_what_would_break_a_line_and_nothing_else) {
  EXPECT_EQ(csv_cell("plain text"), "plain text");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(csv_cell("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_cell(nullptr), "");
  EXPECT_EQ(csv_cell({1, 2}), "\"[1,2]\"");
  EXPECT_EQ(csv_cell(true), "true");
}

TEST(SweepTable, holds_no_formula) {
  EXPECT_EQ(csv_cell("=1+1"), "'=1+1");
  EXPECT_EQ(csv_cell("@x,y"), "\"'@x,y\"");
  EXPECT_EQ(csv_cell(-5), "-5");
  EXPECT_EQ(csv_cell("-5"), "-5");
}

TEST(SweepTable, writes_numbers_in_the_shortest_form_that_reads_back) {
  EXPECT_EQ(csv_cell(78.0), "78");
  EXPECT_EQ(csv_cell(0.1), "0.1");
  for (const double number : {1.0 / 3, 1e-300, 6.02214076e23, 0.06676823199999996, 100000000.0})
    EXPECT_EQ(std::stod(csv_cell(number)), number);
}

TEST(SweepTable, has_a_row_per_result_and_one_per_failure_in_the_cells_order) {
  const std::vector<CellResult> cells = {
      ok(0, {{"wire", "f32"}},
         {{{"drafter", "ngram"}, {"runs", 1}}, {{"drafter", "sequential"}, {"runs", 2}}}),
      {1, "h1", {{"wire", "a,b"}}, "", "no such \"wire\""}};
  EXPECT_EQ(table_text("t.csv", {"wire"}, cells),
            "cell,hash,wire,drafter,runs,status,reason\n"
            "0,h0,f32,ngram,1,ok,\n"
            "0,h0,f32,sequential,2,ok,\n"
            "1,h1,\"a,b\",,,failed,\"no such \"\"wire\"\"\"\n");
  EXPECT_EQ(table_text("t.jsonl", {"wire"}, {cells[1]}),
            R"x({"cell":1,"hash":"h1","wire":"a,b","status":"failed","reason":"no such \"wire\""})x"
            "\n");
  EXPECT_EQ(rows_in(cells), 3u);
}

TEST(SweepTable, fields_of_some_rows_only_stand_where_those_rows_have_them) {
  const std::string text =
      table_text("t.csv", {},
                 {ok(0, Json::object(), {{{"a", 1}, {"d", 4}}}),
                  ok(1, Json::object(), {{{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}, {"e", 5}}}),
                  ok(2, Json::object(), {{{"d", 4}, {"z", 0}}})});
  EXPECT_EQ(text,
            "cell,hash,a,b,c,d,z,e,status,reason\n"
            "0,h0,1,,,4,,,ok,\n"
            "1,h1,1,2,3,4,,5,ok,\n"
            "2,h2,,,,4,0,,ok,\n");
}

TEST(SweepTable, a_field_that_is_a_factor_stands_once) {
  EXPECT_EQ(table_text("t.csv", {"wire"}, {ok(0, Json::object(), {{{"wire", "f32"}}})}),
            "cell,hash,wire,status,reason\n0,h0,f32,ok,\n");
  EXPECT_EQ(
      table_text("t.csv", {"wire", "absent"}, {ok(0, {{"wire", "f16"}}, {{{"wire", "f16"}, {"runs", 1}}})}),
      "cell,hash,wire,absent,runs,status,reason\n0,h0,f16,,1,ok,\n");
}

TEST(SweepTable, names_a_cell_by_its_factors) {
  EXPECT_EQ(label_of(7, {{"network.rtt", "20ms"}, {"network.loss", 0.01}}),
            "cell 7 (network.rtt=20ms, network.loss=0.01)");
  EXPECT_EQ(label_of(7, Json::object()), "cell 7");
}

}  // namespace
}  // namespace splitwan::scenarios
