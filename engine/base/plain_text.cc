#include "engine/base/plain_text.hh"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace splitwan::engine {
namespace {

// f(code point, its bytes) until it says false; -1 and one byte for what is no character.
template <typename F>
void each_character(std::string_view text, F&& f) {
  while (!text.empty()) {
    utf8proc_int32_t code = -1;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &code);
    const std::size_t bytes = size > 0 ? static_cast<std::size_t>(size) : 1;
    if (!f(size > 0 ? code : -1, text.substr(0, bytes))) return;
    text.remove_prefix(bytes);
  }
}

bool shows_nothing(utf8proc_int32_t code) {
  if ((code & 0xFFFE) == 0xFFFE) return true;  // no characters by definition; XML refuses two of them
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string one_line(std::string_view text, std::size_t most) {
  std::string line;
  line.reserve(std::min(text.size(), most));
  each_character(text, [&](utf8proc_int32_t code, std::string_view bytes) {
    if (code < 0)
      line += "\xEF\xBF\xBD";
    else if (shows_nothing(code))
      line += ' ';
    else
      line += bytes;
    return line.size() <= most;
  });
  return shortened(line, most);
}

std::string whole_lines(std::string_view text) {
  std::string lines;
  for (;;) {
    const std::size_t end = text.find_first_of("\n\t");
    lines += one_line(text.substr(0, end));
    if (end == text.npos) return lines;
    lines += text[end];
    text.remove_prefix(end + 1);
  }
}

std::string terminal_text(std::string_view text) {
  std::string shown;
  each_character(text, [&](utf8proc_int32_t code, std::string_view bytes) {
    const bool plain =
        code == '\n' || code == '\t' || (code >= 0 && utf8proc_category(code) != UTF8PROC_CATEGORY_CC);
    shown += plain ? bytes : "\xEF\xBF\xBD";
    return true;
  });
  return shown;
}

std::string shortened(std::string_view valid, std::size_t most) {
  constexpr std::string_view rest = "...";
  if (valid.size() <= most) return std::string(valid);
  std::size_t end = most > rest.size() ? most - rest.size() : 0;
  while (end > 0 && (static_cast<unsigned char>(valid[end]) & 0xC0) == 0x80) --end;
  return std::string(valid.substr(0, end)).append(rest);
}

bool is_utf8(std::string_view text) {
  bool all = true;
  each_character(text, [&](utf8proc_int32_t code, std::string_view) { return all = code >= 0; });
  return all;
}

std::size_t columns_of(std::string_view valid) {
  std::size_t columns = 0;
  each_character(valid, [&](utf8proc_int32_t code, std::string_view) {
    columns += code < 0 ? 1 : static_cast<std::size_t>(utf8proc_charwidth(code));
    return true;
  });
  return columns;
}

std::string markdown_text(std::string_view text) {
  const std::string line = one_line(text);
  const auto at = [&](std::size_t i) { return i < line.size() ? static_cast<unsigned char>(line[i]) : '\0'; };
  const std::size_t quoting = std::min(line.find_first_not_of(" >"), line.size());
  std::string escaped;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool within = i > 0 && std::isalnum(at(i - 1)) && std::isalnum(at(i + 1));
    const bool link = (c == '/' && i > 0 && at(i - 1) == ':') || (c == '.' && i > 2 && at(i - 1) == 'w');
    if (std::string_view("&<|*`[]\\~$").find(c) != std::string_view::npos || (c == '_' && !within) || link ||
        (i == 0 && (c == '#' || c == '-' || c == '+')) || (c == '>' && i < quoting))  // where it would quote
      escaped += fmt::format("&#{};", static_cast<unsigned>(c));
    else
      escaped += c;
    // GitHub looks for names and numbers in the finished page: only a character between helps.
    if (c == '@' || (c == '#' && std::isdigit(at(i + 1)))) escaped += "&#8203;";
  }
  return escaped;
}

namespace {

constexpr std::string_view starts_formulas = "=+-@\t\r";

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  return status == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string csv_text(std::string_view text) {
  const bool runs = !text.empty() && starts_formulas.find(text[0]) != text.npos && !is_number(text);
  return (runs ? "'" : "") + std::string(text);
}

std::string text_of_csv(std::string_view cell) {
  const bool marked = cell.size() > 1 && cell[0] == '\'' && csv_text(cell.substr(1)) == cell;
  return std::string(cell.substr(marked ? 1 : 0));
}

}  // namespace splitwan::engine
