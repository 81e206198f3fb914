// Sweeps' tables are read whole or refused by file, line and column.
#include <gmock/gmock.h>

#include "tests/fixtures/swept.hh"

namespace splitwan::analysis {
namespace {

using testing::ElementsAre, testing::HasSubstr, testing::SizeIs;

SweepTable table_in(const std::string& text) {
  const tests::TemporaryFolder folder;
  engine::write_file(folder / "t.csv", text);
  return read_sweep(folder / "t.csv");
}

// What is said against it, from the line's number on.
std::string refusal_of(const std::string& text) {
  const std::string whole = tests::error_of([&] { table_in(text); });
  const auto at = whole.find("t.csv:");
  return at == whole.npos ? whole : whole.substr(at + 6);
}

const std::string four = "cell,hash,a.b,network,rtt_s,tokens_per_s,status,reason\n";

TEST(SweepTable, reads_both_forms_alike) {
  const SweepTable csv = table_in(tests::as_csv(tests::grid_rows()));
  const SweepTable lines = table_in(tests::as_lines(tests::grid_rows()));
  EXPECT_EQ(csv.rows, 23u);
  EXPECT_THAT(csv.factors, ElementsAre("network.rtt", "network.rate", "split.head"));
  ASSERT_THAT(lines.columns, SizeIs(csv.columns.size()));
  EXPECT_EQ(lines.factors, csv.factors);
  EXPECT_EQ(lines.failed, csv.failed);
  EXPECT_EQ(lines.reasons, csv.reasons);
  EXPECT_EQ(lines.cells, csv.cells);
  for (std::size_t i = 0; i < csv.columns.size(); ++i) {
    EXPECT_EQ(lines.columns[i].name, csv.columns[i].name);
    EXPECT_EQ(lines.columns[i].words, csv.columns[i].words) << csv.columns[i].name;
    EXPECT_EQ(lines.columns[i].numbers, csv.columns[i].numbers) << csv.columns[i].name;
  }
  const SweepColumn& speed = *csv.find("tokens_per_s");
  EXPECT_EQ(speed.numbers[0], 1000 / (20 + 100 + 2.0));  // to the last bit
  EXPECT_EQ(std::ranges::count_if(speed.numbers, [](auto& n) { return !n; }), 1);
}

TEST(SweepTable, takes_back_what_keeps_a_spreadsheet_from_running_a_text) {
  const SweepTable table = table_in(four + "0,h,'=1+1,ns3,0.02,1.5,ok,\n1,h,'plain',ns3,0.02,1.5,ok,\n");
  EXPECT_THAT(table.find("a.b")->words, ElementsAre("=1+1", "'plain'"));
}

TEST(SweepTable, keeps_what_quotes_hold) {
  const SweepTable table =
      table_in("\xEF\xBB\xBF" + four +
               "0,h,\"a, \"\"b\"\"\nc\",ns3,0.02,1.5,ok,\r\n1,h,\"\",ns3,0.02,,failed,\"x\r\ny\"\r\n");
  EXPECT_THAT(table.find("a.b")->words, ElementsAre("a, \"b\"\nc", ""));
  EXPECT_THAT(table.reasons, ElementsAre("", "x\r\ny"));
  EXPECT_THAT(table.find("tokens_per_s")->numbers, ElementsAre(std::optional(1.5), std::nullopt));
}

TEST(SweepTable, counts_lines_within_quotes_too) {
  EXPECT_EQ(refusal_of(four + "0,h,\"1\n2\n3\",ns3,1,1,ok,\n1,h,a,ns3,1,x,ok,\n"),
            "5: column 'tokens_per_s': expected a number or nothing, found 'x'");
}

TEST(SweepTable, refuses_what_is_no_csv_by_line_and_column) {
  EXPECT_EQ(refusal_of(four + "0,h,a\"b\",ns3,1,1,ok,\n"),
            "2: column 'a.b': expected a field with \" to be quoted as a whole, and \" doubled, found 'a\"'");
  EXPECT_EQ(refusal_of(four + "0,h,\"a\"b,ns3,1,1,ok,\n"),
            "2: column 'a.b': expected a comma or the line's end after \", found 'b'");
  EXPECT_EQ(refusal_of(four + "0,h,\"a,ns3,1,1,ok,\n"),
            "2: column 'a.b': expected a closing \", found 'the end'");
  EXPECT_EQ(refusal_of(four + "0,h,a,ns3,1,1,ok,\n1,h,a,ns3,1,1,ok\n"),
            "3: expected 8 fields as in the first line, found 7");
}

TEST(SweepTable, refuses_columns_and_values_that_no_sweep_writes) {
  EXPECT_EQ(refusal_of(""), "1: expected a column 'cell' as 'splitwan sweep' writes it, found none");
  EXPECT_THAT(refusal_of("cell,hash,network,rtt_s,reason\n0,h,n,1,\n"),
              HasSubstr("1: expected a column 'status'"));
  EXPECT_THAT(refusal_of("hash,cell,network,status,reason\nh,0,n,ok,\n"),
              HasSubstr("1: expected 'cell' and 'hash' before"));
  EXPECT_THAT(refusal_of("cell,hash,a,a,network,rtt_s,status,reason\n0,h,1,2,n,1,ok,\n"),
              HasSubstr("1: expected each column once, found a second 'a'"));
  EXPECT_THAT(refusal_of(four), HasSubstr("expected at least one row, found none"));
  EXPECT_EQ(refusal_of(four + "0,h,a,ns3,soon,1,ok,\n"),
            "2: column 'rtt_s': expected a number or nothing, found 'soon'");
  EXPECT_EQ(refusal_of(four + "0,h,a,ns3,1,inf,ok,\n"),
            "2: column 'tokens_per_s': expected a number or nothing, found 'inf'");
  EXPECT_EQ(refusal_of(four + "0,h,a,ns3,1,1,done,\n"),
            "2: column 'status': expected ok or failed, found 'done'");
}

TEST(SweepTable, refuses_json_lines_that_differ_in_their_keys) {
  const std::string good = R"({"cell":0,"hash":"h","network":"n","rtt_s":1,"status":"ok","reason":null})";
  EXPECT_EQ(table_in(good).rows, 1u);
  EXPECT_EQ(refusal_of(good + "\n{\"cell\":1"), "2: expected a JSON object, found '{\"cell\":1'");
  EXPECT_EQ(refusal_of(good + "\n[1]\n"), "2: expected a JSON object, found '[1]'");
  EXPECT_EQ(refusal_of(good + "\n" + R"({"cell":1,"hash":"h","network":"n","status":"ok","reason":null})"),
            "2: column 'rtt_s': expected a value as in the first line, found none");
  EXPECT_EQ(
      refusal_of(good + "\n" +
                 R"({"cell":1,"hash":"h","network":"n","rtt_s":1,"new":1,"status":"ok","reason":null})"),
      "2: expected the first line's columns, found another: 'new'");
}

TEST(SweepTable, takes_a_factor_called_as_a_result_is_and_a_sweep_of_failures) {
  const SweepTable table =
      table_in("cell,hash,wire,network,rtt_s,wire,status,reason\n0,h,f16,ns3,1,f16,ok,\n");
  EXPECT_THAT(table.factors, ElementsAre("wire"));
  EXPECT_EQ(std::ranges::count(table.columns, "wire", &SweepColumn::name), 1);
  const SweepTable none = table_in("cell,hash,wire,network.rtt,status,reason\n0,h,f16,80ms,failed,lost\n");
  EXPECT_THAT(none.factors, ElementsAre("wire", "network.rtt"));
}

}  // namespace
}  // namespace splitwan::analysis
