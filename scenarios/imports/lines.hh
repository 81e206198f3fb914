// The lines of text files, for imports that name the line that is wrong.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.hh"

namespace splitwan::scenarios {

// Without line ends (\n or \r\n). Throws Error when the file cannot be opened.
std::vector<std::string> read_lines(const std::string& path);

// All of `text`, finite and not negative, as 12, 0.5 or 1e3.
std::optional<double> plain_number(std::string_view text);

std::string_view trimmed(std::string_view text);

// At most 60 characters of what a user wrote, in quotes.
std::string in_quotes(std::string_view text);

// Throws "FILE:LINE: expected ..., found ...". Lines count from 1.
[[noreturn]] void refuse_line(const std::string& path, std::size_t line, std::string_view expected,
                              std::string_view found);

}  // namespace splitwan::scenarios
