// Figures, counts and sentences that all outputs of a gate share.
#include "analysis/verdicts/words.hh"

#include <gmock/gmock.h>

#include <limits>
#include <random>

#include "engine/base/plain_text.hh"
#include "tests/analysis/verdicts/gate_results.hh"

namespace splitwan::analysis {
namespace {

using testing::ElementsAre, testing::HasSubstr;

Figures figures(double baseline, double current) {
  return figures_of({"s", "c", "m", "u", true, baseline, current, Verdict::pass, "", {}});
}

void expect_figures(const Figures& f, const char* baseline, const char* current, const char* change) {
  EXPECT_EQ(f.baseline, baseline);
  EXPECT_EQ(f.current, current);
  EXPECT_EQ(f.change, change);
}

TEST(GateFigures, have_the_digits_that_tell_them_apart) {
  expect_figures(figures(12.5, 12.25), "12.5", "12.25", "-2 %");
  expect_figures(figures(12.3456789, 12.3456789), "12.3457", "12.3457", "0 %");
  expect_figures(figures(12.3456789, 12.34567891), "12.3456789", "12.34567891", "+8.1e-08 %");
  expect_figures(figures(1234567.5, 1234568), "1234567.5", "1234568", "+4.05e-05 %");
  expect_figures(figures(3, 3e6), "3", "3000000", "+99999900 %");
  expect_figures(figures(100, 99.99), "100", "99.99", "-0.01 %");
  expect_figures(figures(-2, -1), "-2", "-1", "+50 %");
}

TEST(GateFigures, say_where_there_is_nothing_to_divide_by_or_to_compare) {
  expect_figures(figures(0, 3), "0", "3", "from 0");
  expect_figures(figures(0, 0), "0", "0", "0 %");
  expect_figures(figures(tests::no_value, 3), "none", "3", "");
  expect_figures(figures(3, tests::no_value), "3", "none", "");
  expect_figures(figures(tests::no_value, tests::no_value), "", "", "");
}

TEST(GateFigures, of_a_change_however_small_never_read_as_none) {
  std::mt19937_64 random(7);
  int looked = 0;
  for (int i = 0; i < 20000; ++i) {
    const double before = std::exp(std::uniform_real_distribution(-25., 25.)(random));
    const double now = i % 2 ? std::nextafter(before, 1e30) : before * (1 + std::exp2(-(i % 53)));
    if (now == before) continue;
    const Figures f = figures(before, now);
    ++looked;
    ASSERT_NE(f.baseline, f.current) << before << " " << i;
    ASSERT_GT(std::stod(f.change), 0) << f.change;
    ASSERT_NEAR(std::stod(f.change) / (100 * (now - before) / before), 1, 0.006) << f.change;
  }
  EXPECT_GT(looked, 15000);
}

TEST(GateCounts, are_of_rows_cells_and_scenarios) {
  const Tally t = tally(tests::gate_of_everything());
  EXPECT_EQ(t.rows, 8u);
  EXPECT_EQ(t.cells, 3u);
  EXPECT_EQ(t.scenarios, 2u);
  EXPECT_THAT(t.of, ElementsAre(4u, 1u, 2u, 1u));
  EXPECT_EQ(t.changed, 1u);
  EXPECT_THAT(t.of_other, ElementsAre(0u, 1u, 0u, 0u));
}

TEST(GateVerdict, is_one_line_with_counts_and_what_to_do) {
  GateResult r = tests::gate_of_everything();
  EXPECT_EQ(verdict_line(r),
            "regressed: 2 of 8 values are worse than the baseline, 1 is undecided, 1 is better than the "
            "other build; "
            "if that is meant, --update makes these values the baseline");
  r.updated = true;
  EXPECT_THAT(verdict_line(r),
              testing::EndsWith("1 is better than the other build; these values are the baseline now"));
  r.updated = false;
  r.rows.resize(6);
  for (GateRow& row : r.rows) row.verdict = Verdict::pass;
  r.rows[1].current = r.rows[1].baseline, r.rows[0].current = r.rows[0].baseline;
  r.verdict = Verdict::pass;
  EXPECT_EQ(
      verdict_line(r),
      "pass: 6 values of 2 cells in 1 scenario; 1 is not as in the baseline, but within what is allowed");
  r.rows[2].current = r.rows[2].baseline;
  EXPECT_EQ(verdict_line(r), "pass: 6 values of 2 cells in 1 scenario are as in the baseline");
  r.rows[0].verdict = r.verdict = Verdict::improved;
  EXPECT_EQ(verdict_line(r),
            "improved: 1 of 6 values is better than the baseline; --update makes these values the baseline");
  r.rows[0].verdict = r.verdict = Verdict::inconclusive;
  EXPECT_EQ(verdict_line(r),
            "inconclusive: 1 of 6 values is undecided; each says why; if it is meant to be another "
            "experiment, --update makes its values the baseline");
  r.rows[0].other_build = true;
  EXPECT_EQ(verdict_line(r), "inconclusive: 1 of 6 values is undecided; each says why");
  EXPECT_EQ(verdict_line({}), "pass: nothing was compared");
}

TEST(GateVerdict, beside_another_build_speaks_of_that_and_of_no_update) {
  GateResult r = tests::gate_of_everything();
  const GateRow exact = r.rows[4];
  r.rows = {r.rows.back()};
  r.verdict = r.rows[0].verdict = Verdict::regressed;
  EXPECT_EQ(verdict_line(r), "regressed: 1 of 1 value is worse than the other build");
  r.verdict = r.rows[0].verdict = Verdict::pass;
  EXPECT_EQ(verdict_line(r), "pass: 1 value is no worse than the other build in 1 scenario");
  r.rows.push_back(exact);
  EXPECT_EQ(verdict_line(r),
            "pass: 1 value of 1 cell in 2 scenarios is as in the baseline; 1 value is no worse than the "
            "other build");
}

TEST(GateVerdict, that_is_strict_lets_no_other_value_pass) {
  GateResult r = tests::gate_of_everything();
  const auto counted = [&] {
    std::vector<Verdict> all;
    for (const GateRow& row : r.rows) all.push_back(outcome_of(r, row));
    return all;
  };
  using enum Verdict;
  EXPECT_THAT(counted(), ElementsAre(regressed, regressed, pass, pass, pass, pass, inconclusive, improved));
  r.strict = true;
  EXPECT_THAT(counted(),
              ElementsAre(regressed, regressed, regressed, pass, pass, pass, inconclusive, improved));
  r.rows = {r.rows[2], r.rows[3]};
  r.verdict = pass;
  EXPECT_EQ(verdict_line(r),
            "pass: 2 values of 1 cell in 1 scenario; 1 is not as in the baseline, but within what is "
            "allowed, which "
            "--strict does not let pass");
  r.rows[0].verdict = r.verdict = improved;
  EXPECT_EQ(verdict_line(r),
            "improved: 1 of 2 values is better than the baseline, which --strict does not let pass; --update "
            "makes these "
            "values the baseline");
  r.rows = {r.rows[1]};
  r.verdict = pass;
  EXPECT_EQ(verdict_line(r),
            "pass: 1 value of 1 cell in 1 scenario is as in the baseline; the steps are not, which --strict "
            "does not "
            "let pass");
}

TEST(GateRows, come_worst_first_by_relative_change) {
  GateResult r;
  for (const double now : {101., 90., 100., 150.})
    r.rows.push_back({"s", "c", std::to_string(int(now)), "", false, 100, now, Verdict::regressed, "", {}});
  r.rows.push_back({"s", "c", "new", "", false, 0, 1, Verdict::regressed, "", {}});
  r.rows.push_back({"s", "c", "fine", "", false, 1, 1, Verdict::pass, "", {}});
  std::vector<std::string> names;
  for (const GateRow* row : worst_first(r, Verdict::regressed)) names.push_back(row->metric);
  EXPECT_THAT(names, ElementsAre("new", "150", "90", "101", "100"));
}

TEST(GateRows, of_measured_compute_say_what_the_samples_could_have_seen) {
  const GateRow row = tests::gate_of_everything().rows.back();
  EXPECT_EQ(measured_text(*row.measured),
            "0.98 of theirs (0.97 to 0.99), p 0.0004, after Holm 0.0008, 3 and 3 samples; would have seen "
            "1.3 %; 34 "
            "repetitions would see the least that was asked for");
}

TEST(PlainText, keeps_what_can_be_read_and_nothing_that_acts) {
  EXPECT_EQ(engine::one_line("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
            "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(engine::one_line(std::string("a\0b\tc\nd\x1b[1m\x7f", 12)), "a b c d [1m ");
  EXPECT_EQ(engine::one_line("a\xc2\x85"
                             "b\xe2\x80\xa8"
                             "c\xe2\x80\xae"
                             "d\xef\xbf\xbf"),
            "a b c d ");  // NEL, LS, RLO, U+FFFF
  EXPECT_EQ(engine::one_line("\xff\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(engine::shortened("12345678", 8), "12345678");
  EXPECT_EQ(engine::shortened("123456789", 8), "12345...");
  EXPECT_EQ(engine::shortened("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 8), "\xe2\x82\xac...");
  EXPECT_EQ(engine::columns_of("a\xe2\x82\xac\xe6\xbc\xa2"), 4u);  // an ideograph takes two
}

}  // namespace
}  // namespace splitwan::analysis
