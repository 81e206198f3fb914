// What others wrote, where it is printed.
#include "engine/base/plain_text.hh"

#include <gmock/gmock.h>

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string hostile = "a\x1b]0;owned\x07\x1b[31mred\r\x7f \xC2\x9B\x31mnew\nline\ttab \xFFz";

TEST(PlainText, of_one_line_has_no_control_character) {
  EXPECT_EQ(one_line(hostile), "a ]0;owned  [31mred    1mnew line tab \xEF\xBF\xBDz");
}

TEST(PlainText, of_whole_lines_keeps_line_ends_and_tabs_and_no_other) {
  EXPECT_EQ(whole_lines(hostile), "a ]0;owned  [31mred    1mnew\nline\ttab \xEF\xBF\xBDz");
  EXPECT_EQ(whole_lines("\n\na\n"), "\n\na\n");
  EXPECT_EQ(whole_lines(""), "");
}

TEST(PlainText, of_a_model_keeps_what_joins_letters_and_shows_where_it_was_tamed) {
  const std::string persian = "\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE";  // a zero-width non-joiner in it
  EXPECT_EQ(terminal_text(persian), persian);
  EXPECT_EQ(terminal_text("a\nb\tc \xE2\x82\xAC"), "a\nb\tc \xE2\x82\xAC");
  EXPECT_EQ(terminal_text("x\x1b[31m\x07\r\xC2\x9Bz"),
            "x\xEF\xBF\xBD[31m\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
}

TEST(PlainText, is_utf_8_or_not) {
  for (const std::string text : {"", "a", "\xE2\x82\xAC", "\x1b[31m"}) EXPECT_TRUE(is_utf8(text)) << text;
  for (const std::string text : {"\xFF", "a\xB1", "\xE2\x82", "\xED\xA0\x80", "\xC0\x80"})
    EXPECT_FALSE(is_utf8(text)) << one_line(text);
}

TEST(PlainText, in_markdown_is_no_html) {
  EXPECT_THAT(markdown_text("<img src=x onerror=alert(1)>"), Not(HasSubstr("<")));
  EXPECT_EQ(markdown_text("a < b"), "a &#60; b");
  EXPECT_EQ(markdown_text("&lt;b>"), "&#38;lt;b>");
}

TEST(PlainText, in_a_csv_file_is_no_formula) {
  for (const std::string text :
       {"=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=", "-", "-inf x", "+x"}) {
    EXPECT_EQ(csv_text(text), "'" + text);
    EXPECT_EQ(text_of_csv(csv_text(text)), text);
  }
}

TEST(PlainText, in_a_csv_file_stays_as_it_is_where_it_runs_nothing) {
  for (const std::string text : {"", "ngram", "-5", "+5", "-1.5e-3", "a=b", "'quoted'", "'", "80 ms"}) {
    EXPECT_EQ(csv_text(text), text);
    EXPECT_EQ(text_of_csv(text), text);
  }
}

}  // namespace
}  // namespace splitwan::engine
