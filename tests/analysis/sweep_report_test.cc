// What a report makes of a sweep's table, in numbers and as text.
#include <gmock/gmock.h>

#include <random>

#include "analysis/report/sweep/front.hh"
#include "tests/fixtures/swept.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using testing::ElementsAre, testing::HasSubstr, testing::IsEmpty, testing::Not;
using tests::Row, tests::sweep_of, tests::sweep_row;

Sweep swept_grid() { return sweep_of(tests::as_csv(tests::grid_rows())); }

// One factor of these values, a row each.
SweepAxis axis_of_values(const std::vector<std::string>& values) {
  std::vector<Row> rows;
  for (const std::string& value : values)
    rows.push_back(sweep_row(std::to_string(rows.size()), {{"f.g", value}}, "ngram", 1 + rows.size(), 1));
  return sweep_of(tests::as_csv(rows)).axes.at(0);
}

TEST(Sweep, has_an_axis_for_each_factor_and_for_what_else_tells_a_cells_rows_apart) {
  const Sweep sweep = swept_grid();
  ASSERT_EQ(sweep.axes.size(), 4u);
  EXPECT_THAT(sweep.axes[0].values, ElementsAre("20ms", "80ms", "160ms"));
  EXPECT_THAT(sweep.axes[0].numbers, ElementsAre(0.02, 0.08, 0.16));
  EXPECT_EQ(sweep.axes[0].unit, "s");
  EXPECT_EQ(sweep.axes[1].unit, "bit/s");
  EXPECT_EQ(sweep.axes[3].column, "drafter");
  EXPECT_TRUE(sweep.axes[3].implied);
  EXPECT_THAT(sweep.axes[3].values, ElementsAre("sequential", "ngram"));
  EXPECT_EQ(std::ranges::count(sweep.axes[3].at, unknown_value), 1);  // of the cell that failed
}

TEST(Sweep, lays_an_axis_out_as_its_values_are_spaced) {
  EXPECT_EQ(axis_of_values({"10ms", "20ms", "30ms"}).spacing, Spacing::even);
  EXPECT_EQ(axis_of_values({"1s", "10ms", "100ms"}).spacing, Spacing::log);
  EXPECT_THAT(axis_of_values({"1s", "10ms", "100ms"}).values, ElementsAre("10ms", "100ms", "1s"));
  EXPECT_EQ(axis_of_values({"0", "0.1%", "1%", "10%"}).spacing, Spacing::places);  // none is no ratio of some
  EXPECT_EQ(axis_of_values({"0", "0.1%", "1%", "10%"}).unit, "share");
  EXPECT_EQ(axis_of_values({"3", "1", "2"}).spacing, Spacing::even);
  EXPECT_EQ(axis_of_values({"4MB", "8MB"}).unit, "B");
  const SweepAxis words = axis_of_values({"ngram", "draft", "auto"});
  EXPECT_EQ(words.spacing, Spacing::places);
  EXPECT_THAT(words.numbers, IsEmpty());
  EXPECT_THAT(words.values, ElementsAre("ngram", "draft", "auto"));
}

TEST(Sweep, computes_shares_and_bytes_a_token_of_rows_that_ran) {
  const Sweep sweep = swept_grid();
  const auto of = [&](const char* column) {
    return std::ranges::find(sweep.quantities, column, &Quantity::column)->values;
  };
  EXPECT_EQ(of("interval_share")[0], 0.125);
  EXPECT_EQ(of("bytes_per_token")[0], 160);
  EXPECT_EQ(of("bytes_per_token")[1], 640);
  const auto failed =
      static_cast<std::size_t>(std::ranges::find(sweep.table.failed, true) - sweep.table.failed.begin());
  for (const Quantity& q : sweep.quantities) EXPECT_EQ(q.values[failed], std::nullopt) << q.column;
}

// Of whole numbers below `end`: equals are frequent where there are few.
Quantity random_quantity(std::mt19937& random, bool more, unsigned end) {
  Quantity q{"q", "q", "", more, {}};
  for (int i = 0; i < 400; ++i) {
    const auto value = static_cast<double>(random() % end);
    q.values.push_back(value == 7 ? std::nullopt : std::optional(value));
  }
  return q;
}

// By the definition, each row against each.
TEST(SweepFront, holds_what_no_other_row_beats) {
  std::mt19937 random(1);
  std::size_t members = 0;
  for (int i = 0; i < 20; ++i) {
    const unsigned end = i < 10 ? 40 : 4000;
    const Quantity x = random_quantity(random, i % 2 == 0, end), y = random_quantity(random, i % 4 < 2, end);
    const auto merit = [](const Quantity& q, std::size_t row) {
      return (q.higher_is_better ? 1 : -1) * *q.values[row];
    };
    const auto states = [&](std::size_t row) { return x.values[row] && y.values[row]; };
    std::vector<std::size_t> expected;
    for (std::size_t row = 0; row < 400; ++row) {
      bool beaten = !states(row);
      for (std::size_t other = 0; other < 400 && !beaten; ++other)
        beaten = states(other) && merit(x, other) >= merit(x, row) && merit(y, other) >= merit(y, row) &&
                 (merit(x, other) > merit(x, row) || merit(y, other) > merit(y, row));
      if (!beaten) expected.push_back(row);
    }
    std::vector<std::size_t> front = front_of(x, y);
    std::ranges::sort(front);
    EXPECT_EQ(front, expected);
    members += front.size();
  }
  EXPECT_GT(members, 80u);
}

TEST(SweepFront, is_of_privacy_where_the_table_tells_it_and_else_of_bytes) {
  EXPECT_EQ(swept_data(swept_grid())["front"]["x"]["column"], "bytes_per_token");
  std::vector<Row> rows;
  for (const auto& [mu, speed] : {std::pair("5", 10.0), {"20", 30.0}, {"40", 20.0}})
    rows.push_back(sweep_row(mu, {{"privacy.mu", mu}}, "ngram", speed, 1));
  const Json front = swept_data(sweep_of(tests::as_csv(rows)))["front"];
  EXPECT_EQ(front["x"]["column"], "privacy.mu");
  EXPECT_EQ(front["x"]["higher_is_better"], false);
  ASSERT_EQ(front["members"].size(), 2u);  // 40 is less private than 20, and slower
  EXPECT_EQ(front["members"][0]["at"]["privacy.mu"], "5");
  EXPECT_EQ(front["members"][1]["y"], 30.0);
}

TEST(Sweep, says_what_varied_what_failed_and_what_is_best) {
  const Json data = swept_data(swept_grid());
  const std::string text = markdown::swept(data);
  EXPECT_THAT(text, HasSubstr("t.csv: 23 rows of 12 cells, 1 of them failed."));
  EXPECT_THAT(text, HasSubstr("Varied: network.rtt (3 values), network.rate (2 values), split.head (2 "
                              "values), drafter (2 values)."));
  EXPECT_THAT(text, HasSubstr("does not set drafter"));
  EXPECT_THAT(text, HasSubstr("holes: 9 (network.rtt 160ms, network.rate 10Mbit, split.head 4)."));
  EXPECT_THAT(text, HasSubstr("| simulator lost | 1 | 9 |"));
  EXPECT_THAT(text, HasSubstr("| 20ms | 100Mbit | 2 | ngram | 46.88 |"));      // of 20 ms
  EXPECT_THAT(text, HasSubstr("| 20ms | 10Mbit | 2 | sequential | 8.197 |"));  // of 10 Mbit
  EXPECT_THAT(text, HasSubstr("| 20ms | 100Mbit | 2 | sequential | 160 | 31.25 |"));
  EXPECT_EQ(data["best"]["rows"].size(), 3 + 2 + 2 + 2u);
  EXPECT_EQ(data["front"]["members"].size(), 2u);
  EXPECT_EQ(data["constants"], (Json{{"network", "ns3"}}));
}

TEST(Sweep, says_that_rows_share_a_place) {
  std::vector<Row> rows;
  for (const char* seed : {"1", "2", "3"}) rows.push_back(sweep_row(seed, {{"a.b", "x"}}, "ngram", 1, 1));
  EXPECT_THAT(
      markdown::swept(swept_data(sweep_of(tests::as_csv(rows)))),
      testing::AllOf(HasSubstr("Nothing varies"), HasSubstr("2 rows share all of these with another row")));
}

TEST(Sweep, breaks_no_table_of_its_text) {
  const Row evil = sweep_row("c|d", {{"a.b", "x|y\nz"}}, "ngram", 1, 1, "why | not\nso");
  const Row good = sweep_row("e", {{"a.b", "w"}}, "ngram", 1, 1);
  const std::string text =
      markdown::swept(markdown::escaped(swept_data(sweep_of(tests::as_csv({evil, good})))));
  EXPECT_THAT(text, HasSubstr("| why &#124; not so | 1 | c&#124;d |"));
}

}  // namespace
}  // namespace splitwan::analysis
