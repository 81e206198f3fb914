// Comments and summaries: what is shown, what is folded, what is cut, and what no name can do there.
#include "analysis/verdicts/markdown.hh"

#include <gmock/gmock.h>

#include <regex>
#include <sstream>

#include "analysis/verdicts/github.hh"
#include "analysis/verdicts/pull_request.hh"
#include "engine/base/plain_text.hh"
#include "tests/analysis/verdicts/gate_results.hh"

namespace splitwan::analysis {
namespace {

using engine::markdown_text;
using testing::EndsWith, testing::HasSubstr, testing::Not, testing::StartsWith;

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

TEST(PullRequestComment, is_the_verdict_what_differs_and_why_and_folds_the_rest) {
  EXPECT_EQ(pull_request_comment(tests::gate_of_everything()), R"(<!-- splitwan-gate -->
### splitwan gate: regressed

2 of 8 values are worse than the baseline, 1 is undecided, 1 is better than the other build; if that is meant, --update makes these values the baseline.

| verdict | scenario | cell | metric | baseline | current | change |
|---|---|---|---|--:|--:|--:|
| **regressed** | gate-plain | 80 ms, 100 Mbit/s, ngram | bytes_per_token | 2690 | 2770.7 bytes | +3 % |
| **regressed** | gate-plain | 80 ms, 100 Mbit/s, ngram | tokens_per_s | 12.5 | 12.25 tokens/s | -2 % |
| inconclusive | gate-del |  | fingerprint |  |  |  |
| improved | gate-del | compute | head | 1000000000 | 980000000 instructions | -2 % |

- **gate-plain, 80 ms, 100 Mbit/s, ngram**: run 0 (def add), step 7: message from 0 to 1: 660 bytes where 640 were (+3.12 %)
- **gate-del**: not the same experiment, not compared: model: baseline 1a2b, now 3c4d
- **gate-del, compute, head**: 0.98 of theirs (0.97 to 0.99), p 0.0004, after Holm 0.0008, 3 and 3 samples; would have seen 1.3 %; 34 repetitions would see the least that was asked for

Notes:

- gate-cascade is in the baseline and was not run

<details><summary>Where the traces first differ, and what that sums up to</summary>

**gate-plain, 80 ms, 100 Mbit/s, ngram**: bytes

| | baseline | now |
|---|--:|--:|
| first differing step: bytes | 640 | 660 |
| all runs: total_s | 5.5 | 5.75 |

</details>

<details><summary>All 8 values</summary>

| verdict | scenario | cell | metric | baseline | current | change |
|---|---|---|---|--:|--:|--:|
| **regressed** | gate-plain | 80 ms, 100 Mbit/s, ngram | tokens_per_s | 12.5 | 12.25 tokens/s | -2 % |
| **regressed** | gate-plain | 80 ms, 100 Mbit/s, ngram | bytes_per_token | 2690 | 2770.7 bytes | +3 % |
| pass | gate-plain | 80 ms, 100 Mbit/s, ngram | ttft_s | 0.5 | 0.500001 s | +0.0002 % |
| pass | gate-plain | 80 ms, 100 Mbit/s, ngram | tokens_per_step | 2.5 | 2.5 tokens | 0 % |
| pass | gate-plain | 20 ms, 100 Mbit/s, ngram | tokens_per_s | 40 | 40 tokens/s | 0 % |
| pass | gate-plain | 20 ms, 100 Mbit/s, ngram | bytes_per_token | 2690 | 2690 bytes | 0 % |
| inconclusive | gate-del |  | fingerprint |  |  |  |
| improved | gate-del | compute | head | 1000000000 | 980000000 instructions | -2 % |

</details>
)");
}

TEST(PullRequestComment, of_a_pass_is_three_lines_and_a_fold) {
  GateResult r = tests::gate_of_everything();
  r.rows = {r.rows[3], r.rows[4]};
  r.verdict = Verdict::pass;
  r.notes.clear();
  r.differences = Json();
  const std::string text = pull_request_comment(r);
  EXPECT_THAT(
      text,
      StartsWith(
          "<!-- splitwan-gate -->\n### splitwan gate: pass\n\n2 values of 2 cells in 1 scenario are as in "
          "the baseline.\n\n<details><summary>All 2 values</summary>\n"));
  EXPECT_EQ(count_of(text, "\n| pass |"), 2u);
  EXPECT_EQ(pull_request_comment({}),
            "<!-- splitwan-gate -->\n### splitwan gate: pass\n\nnothing was compared.\n");
}

// Of the text of one cell, what GitHub would make of it: entities are read, nothing else may be left that
// acts.
std::string shown(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "&#") != 0) {
      plain += text[i];
      continue;
    }
    const auto end = text.find(';', i);
    const int code = std::stoi(text.substr(i + 2, end - i - 2));
    plain += code == 8203 ? "" : std::string(1, static_cast<char>(code));
    i = end;
  }
  return plain;
}

TEST(MarkdownText, shows_what_it_was_given_and_holds_no_markup) {
  for (const std::string& text :
       {std::string("tokens_per_s"), std::string("80 ms, 100 Mbit/s: +3.1 % (a-b) = c"),
        std::string("a|b *c* _d_ `e` [f](g) <h> &lt; \\| ~~i~~ !j $k$ www.x.y http://z @m #1")}) {
    const std::string escaped = markdown_text(text);
    EXPECT_EQ(shown(escaped), text);
    EXPECT_THAT(escaped,
                Not(testing::ContainsRegex("[|*`<~$]|\\[|\\]|www\\.|://|@[a-z]|[^&]#1|&[^#]| _|_ ")));
  }
  EXPECT_EQ(markdown_text("tokens_per_s, 10 -> 2!"), "tokens_per_s, 10 -> 2!");
  EXPECT_EQ(markdown_text(" > > a > b"), " &#62; &#62; a > b");
}

TEST(PullRequestComment, is_not_changed_by_any_name) {
  const std::string text = pull_request_comment(tests::gate_of_hostile_names());
  EXPECT_EQ(count_of(text, "<!--"), 1u);
  EXPECT_EQ(count_of(text, "<details>"), 2u);
  EXPECT_EQ(count_of(text, "</details>"), 2u);
  EXPECT_THAT(text, Not(HasSubstr("<b>")));
  EXPECT_THAT(text, Not(HasSubstr("@octocat")));
  EXPECT_THAT(text, Not(HasSubstr("#17")));
  std::istringstream in(text);
  std::size_t rows = 0;
  for (std::string line; std::getline(in, line);) {
    EXPECT_THAT(line, Not(StartsWith("::")));
    for (const char c : line) ASSERT_GE(static_cast<unsigned char>(c), ' ');
    if (line.starts_with("| ") && line.find("verdict") == std::string::npos &&
        line.find("baseline") == std::string::npos) {
      const auto bars = std::ranges::count(line, '|');
      EXPECT_TRUE(bars == 8 || line.find("first differing") == 2 || line.find("all runs") == 2) << line;
      rows += bars == 8;
    }
  }
  EXPECT_EQ(rows, 4u + 8u);
}

// Rows shown and rows said to be left out, in the part behind `heading`.
std::size_t rows_told(const std::string& page, const std::string& heading) {
  const std::string part = page.substr(page.find(heading));
  std::smatch found;
  EXPECT_TRUE(std::regex_search(part, found, std::regex("\n([0-9]+) more left out here")));
  const std::string table = part.substr(0, part.find("more left out here"));
  return count_of(table, "\n| ") - 1 + std::stoul(found[1]);
}

TEST(Pages, of_20000_rows_fit_and_count_what_they_leave_out) {
  const auto r = tests::gate_of_many_rows();
  const std::string comment = pull_request_comment(r), summary = step_summary(r),
                    rest = step_summary(r, 4096);
  EXPECT_LE(comment.size(), most_comment_bytes);
  EXPECT_GT(comment.size(), most_comment_bytes - 1000);
  EXPECT_LE(summary.size(), most_summary_bytes);
  EXPECT_GT(summary.size(), most_summary_bytes - 1000);
  EXPECT_LE(rest.size(), 4096u);
  for (const std::string& page : {comment, summary}) {
    EXPECT_EQ(rows_told(page, "\n| verdict"), 13333u);
    EXPECT_EQ(rows_told(page, "<summary>All 20000 values"), 20000u);
    EXPECT_THAT(page, EndsWith("\n</details>\n"));
  }
  EXPECT_THAT(rest, StartsWith("### splitwan gate: regressed\n\n6667 of 20000 values are worse"));
}

TEST(Pages, fit_whatever_is_long) {
  GateResult r = tests::gate_of_everything();
  const std::string novel(2 << 20, '|');
  for (GateRow& row : r.rows) row.reason = row.cell = novel;
  r.notes.assign(500, novel);
  for (int i = 0; i < 500; ++i) r.differences.push_back(r.differences[0]);
  for (const std::size_t most : {4096u, 65536u, 1u << 20}) {
    const std::string page = markdown_page(r, most);
    EXPECT_LE(page.size(), most);
    EXPECT_EQ(count_of(page, "<details>"), count_of(page, "</details>"));
    EXPECT_THAT(page, HasSubstr("more left out here"));
  }
}

}  // namespace
}  // namespace splitwan::analysis
