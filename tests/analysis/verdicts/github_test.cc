// Annotations as GitHub's runner reads them.
#include "analysis/verdicts/github.hh"

#include <gmock/gmock.h>

#include <optional>
#include <sstream>

#include "analysis/verdicts/words.hh"
#include "engine/base/plain_text.hh"
#include "tests/analysis/verdicts/gate_results.hh"

namespace splitwan::analysis {
namespace {

struct Heard {
  std::string type, title, message;
  bool operator==(const Heard&) const = default;
};

std::string unescaped(std::string text, bool property) {
  const std::pair<const char*, const char*> codes[] = {
      {"%0D", "\r"}, {"%0A", "\n"}, {"%3A", ":"}, {"%2C", ","}, {"%25", "%"}};
  for (const auto& [code, character] : codes) {
    if (!property && (*character == ':' || *character == ',')) continue;
    for (auto at = text.find(code); at != std::string::npos; at = text.find(code, at + 1))
      text.replace(at, 3, character);
  }
  return text;
}

// The runner's rules (ActionCommand.TryParseV2): a line that begins with "::"; up to the next "::" the
// command's name and, behind a space, properties parted by commas; the rest is the message.
std::optional<Heard> heard(const std::string& line) {
  if (!line.starts_with("::")) return {};
  const auto end = line.find("::", 2);
  if (end == std::string::npos) return {};
  const std::string command = line.substr(2, end - 2);
  const auto space = command.find(' ');
  Heard h{command.substr(0, space), "", unescaped(line.substr(end + 2), false)};
  if (space == std::string::npos) return h;
  std::istringstream properties(command.substr(space + 1));
  for (std::string property; std::getline(properties, property, ',');)
    if (property.starts_with("title=")) h.title = unescaped(property.substr(6), true);
  return h;
}

std::vector<Heard> all_heard(const std::string& text) {
  std::vector<Heard> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const auto h = heard(line);
    EXPECT_TRUE(h) << line;
    if (h) all.push_back(*h);
  }
  return all;
}

TEST(Annotations, are_an_error_a_warning_or_a_notice_a_row_that_differs) {
  const std::string far = "gate-plain, 80 ms, 100 Mbit/s, ngram: ";
  const auto r = tests::gate_of_everything();
  EXPECT_THAT(
      all_heard(annotations(r)),
      testing::ElementsAre(Heard{"error", "regressed: bytes_per_token", far + sentence(r.rows[1])},
                           Heard{"error", "regressed: tokens_per_s", far + sentence(r.rows[0])},
                           Heard{"warning", "inconclusive: fingerprint", "gate-del: " + sentence(r.rows[6])},
                           Heard{"notice", "improved: head", "gate-del, compute: " + sentence(r.rows[7])}));
  EXPECT_EQ(sentence(r.rows[1]).substr(0, 46), "regressed, 2690 -> 2770.7 bytes (+3 %): run 0 ");
}

TEST(Annotations, are_heard_as_they_were_meant_whatever_the_names) {
  const auto r = tests::gate_of_hostile_names();
  const auto all = all_heard(annotations(r));
  ASSERT_EQ(all.size(), 4u);
  const std::string name = engine::one_line(tests::hostile);
  EXPECT_EQ(all[0].type, "error");
  EXPECT_EQ(all[0].title, "regressed: " + name);
  EXPECT_EQ(all[0].message, name + ", " + name + ": " + sentence(r.rows[1]));
}

TEST(Annotations, are_at_most_ten_of_a_type_and_the_tenth_counts_the_rest) {
  const auto all = all_heard(annotations(tests::gate_of_many_rows()));
  ASSERT_EQ(all.size(), 20u);
  EXPECT_EQ(all[0].message.substr(0, 13), "s19, cell 999");  // the last one is the worst
  EXPECT_EQ(all[9], (Heard{"error", "regressed: more", "and 6658 more, less changed than these"}));
  EXPECT_EQ(all[19], (Heard{"notice", "improved: more", "and 6657 more, less changed than these"}));
  GateResult ten;
  for (int i = 0; i < 10; ++i)
    ten.rows.push_back({"s", "c", "m", "", false, 1, 2, Verdict::regressed, "", {}});
  EXPECT_EQ(all_heard(annotations(ten)).size(), 10u);
  EXPECT_EQ(annotations(ten).find("more"), std::string::npos);
  ten.rows.push_back(ten.rows[0]);
  EXPECT_EQ(all_heard(annotations(ten)).back().message, "and 2 more, less changed than these");
}

TEST(Annotations, of_a_strict_gate_are_errors_also_for_the_better) {
  GateResult r = tests::gate_of_everything();
  r.rows = {r.rows[0]};
  r.rows[0].verdict = r.verdict = Verdict::improved;
  EXPECT_EQ(all_heard(annotations(r))[0].type, "notice");
  r.strict = true;
  EXPECT_EQ(all_heard(annotations(r))[0].type, "error");
  EXPECT_EQ(all_heard(annotations(r))[0].title, "improved: tokens_per_s");
}

TEST(Annotations, of_a_pass_are_none) {
  GateResult r = tests::gate_of_everything();
  r.rows = {r.rows[3], r.rows[4]};
  EXPECT_EQ(annotations(r), "");
}

}  // namespace
}  // namespace splitwan::analysis
