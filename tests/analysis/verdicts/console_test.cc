// A gate's table as a terminal shows it.
#include "analysis/verdicts/console.hh"

#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>

#include "tests/analysis/verdicts/gate_results.hh"

namespace splitwan::analysis {
namespace {

using testing::EndsWith, testing::HasSubstr, testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(GateTable, has_a_line_a_verdict_and_counts_what_is_as_it_was) {
  EXPECT_EQ(
      console_table(tests::gate_of_everything()),
      R"(verdict       scenario    cell                      metric           baseline    current                 change     reason
regressed     gate-plain  80 ms, 100 Mbit/s, ngram  tokens_per_s     12.5        12.25 tokens/s          -2 %       run 0 (def add), step 7: message from 0 to 1: 660 bytes where 640 were (+3.12 %)
regressed     gate-plain  80 ms, 100 Mbit/s, ngram  bytes_per_token  2690        2770.7 bytes            +3 %       as above
pass          gate-plain  80 ms, 100 Mbit/s, ngram  ttft_s           0.5         0.500001 s              +0.0002 %  1 % allowed, 0.0002 % found; as above
pass          gate-plain  3 other values as in the baseline
inconclusive  gate-del                              fingerprint                                                     not the same experiment, not compared: model: baseline 1a2b, now 3c4d
improved      gate-del    compute                   head             1000000000  980000000 instructions  -2 %       0.98 of theirs (0.97 to 0.99), p 0.0004, after Holm 0.0008, 3 and 3 samples; would have seen 1.3 %; 34 repetitions would see the least that was asked for
note: gate-cascade is in the baseline and was not run
regressed: 2 of 8 values are worse than the baseline, 1 is undecided, 1 is better than the other build; if that is meant, --update makes these values the baseline
)");
}

TEST(GateTable, of_counts_alone_has_no_heading) {
  GateResult r;
  r.rows.assign(3, {"s", "c", "m", "", true, 1, 1, Verdict::pass, "", {}});
  EXPECT_EQ(console_table(r),
            "pass  s  3 values as in the baseline\npass: 3 values of 1 cell in 1 scenario are as in the "
            "baseline\n");
}

TEST(GateTable, gives_no_unit_to_what_was_not_compared) {
  GateResult r;
  r.rows = {
      {"s", "c", "m", "bytes", true, tests::no_value, tests::no_value, Verdict::inconclusive, "why", {}}};
  EXPECT_EQ(console_table(r).find("bytes"), std::string::npos);
}

TEST(GateTable, shows_every_row_on_demand) {
  const auto r = tests::gate_of_everything();
  const auto lines = lines_of(console_table(r, {.all = true}));
  ASSERT_EQ(lines.size(), 1 + r.rows.size() + r.notes.size() + 1);
  for (std::size_t i = 0; i < r.rows.size(); ++i) {
    EXPECT_THAT(lines[i + 1], testing::StartsWith(std::string(name_of(r.rows[i].verdict)) + " "));
    EXPECT_THAT(lines[i + 1], HasSubstr(r.rows[i].metric));
  }
}

TEST(GateTable, colours_the_verdict_and_nothing_else) {
  const auto r = tests::gate_of_everything();
  std::string coloured = console_table(r, {.colour = true});
  EXPECT_THAT(coloured, HasSubstr("\n\033[1;31mregressed\033[0m     gate-plain"));
  EXPECT_THAT(coloured, HasSubstr("\n\033[1;33minconclusive\033[0m  gate-del"));
  EXPECT_THAT(coloured, HasSubstr("\n\033[1;32mimproved\033[0m      gate-del"));
  EXPECT_THAT(coloured, HasSubstr("\n\033[32mpass\033[0m          gate-plain"));
  EXPECT_THAT(coloured, EndsWith("the baseline\033[0m\n"));
  for (auto at = coloured.find('\033'); at != std::string::npos; at = coloured.find('\033'))
    coloured.erase(at, coloured.find('m', at) - at + 1);
  EXPECT_EQ(coloured, console_table(r));
}

TEST(GateTable, lets_no_name_reach_the_terminal) {
  const auto r = tests::gate_of_hostile_names();
  const std::string text = console_table(r, {.all = true});
  EXPECT_EQ(lines_of(text).size(), 1 + r.rows.size() + r.notes.size() + 1);
  for (const char c : text) ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= ' ') << int(c);
  EXPECT_THAT(text, Not(HasSubstr("\n::")));
}

TEST(GateTable, of_nothing_says_so) { EXPECT_EQ(console_table({}), "pass: nothing was compared\n"); }

TEST(GateTable, of_20000_rows_has_a_line_for_each_that_differs) {
  const auto r = tests::gate_of_many_rows();
  const auto lines = lines_of(console_table(r));
  EXPECT_EQ(lines.size(), 1 + 13333u + 20 + 1);
  EXPECT_EQ(std::ranges::count_if(lines, [](auto& l) { return l.starts_with("regressed  "); }), 6667);
}

class ConsoleColour : public testing::Test {
 protected:
  ~ConsoleColour() override { set(nullptr, nullptr, nullptr); }
  static void set(const char* no_color, const char* force, const char* term) {
    for (const auto& [name, value] :
         {std::pair{"NO_COLOR", no_color}, {"CLICOLOR_FORCE", force}, {"TERM", term}})
      value ? setenv(name, value, 1) : unsetenv(name);
  }
};

TEST_F(ConsoleColour,
       is_as_the_environment_asks) {  // stdout is a pipe or file in tests, or may be a terminal
  set(nullptr, "1", "dumb");
  EXPECT_TRUE(console_style().colour);
  set("1", "1", "xterm");
  EXPECT_FALSE(console_style().colour);
  set("", "1", "xterm");
  EXPECT_TRUE(console_style().colour);
  set(nullptr, nullptr, "dumb");
  EXPECT_FALSE(console_style().colour);
  set(nullptr, "0", nullptr);
  EXPECT_FALSE(console_style(true).colour);
  EXPECT_TRUE(console_style(true).all);
}

}  // namespace
}  // namespace splitwan::analysis
