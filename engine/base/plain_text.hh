// Text that others wrote, made fit to stand where we print: names of scenarios, cells and drafters, pieces of
// a tokenizer, reasons, what a peer says. Every terminal, Markdown page and table goes through one of these.
#pragma once

#include <string>
#include <string_view>

namespace splitwan::engine {

// Valid UTF-8 on one line: control and invisible formatting characters become spaces, bytes that are no
// character U+FFFD. At most so many bytes: shortened.
std::string one_line(std::string_view, std::size_t most = std::string_view::npos);

// The same of several lines: line ends and tabs stay.
std::string whole_lines(std::string_view);

// Text as a model writes it, for a terminal: nothing in it is a control character but line ends and tabs;
// characters that join or part others stay.
std::string terminal_text(std::string_view);

// One line fit for a cell of a Markdown table: nothing in it is markup or HTML, mentions anybody or refers to
// an issue.
std::string markdown_text(std::string_view);

// Text in a cell of a CSV file, before it is quoted: a spreadsheet would run what begins with = + - or @.
// What is a number stays one. text_of_csv() takes it back.
std::string csv_text(std::string_view);
std::string text_of_csv(std::string_view);

// At most so many bytes; cut between characters, and then ends with "...".
std::string shortened(std::string_view valid, std::size_t most);

bool is_utf8(std::string_view);

std::size_t columns_of(std::string_view valid);  // on a terminal

}  // namespace splitwan::engine
