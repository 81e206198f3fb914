#include "scenarios/imports/lines.hh"

#include <charconv>
#include <cmath>

#include "engine/base/json_file.hh"
#include "engine/base/units.hh"

namespace splitwan::scenarios {

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines = engine::split_list(engine::read_text_file(path), '\n');
  if (lines.back().empty()) lines.pop_back();
  for (std::string& line : lines)
    if (line.ends_with('\r')) line.pop_back();
  return lines;
}

std::optional<double> plain_number(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, number);
  if (status != std::errc{} || stop != end || !std::isfinite(number) || std::signbit(number)) return {};
  return number;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string in_quotes(std::string_view text) {
  return fmt::format("'{}{}'", text.substr(0, 60), text.size() > 60 ? "..." : "");
}

void refuse_line(const std::string& path, std::size_t line, std::string_view expected,
                 std::string_view found) {
  throw engine::Error("{}:{}: expected {}, found {}", path, line, expected, found);
}

}  // namespace splitwan::scenarios
