#include "engine/base/plain_text.hh"

#include <utf8proc.h>

#include <algorithm>

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

std::string shortened(std::string_view valid, std::size_t most) {
  constexpr std::string_view rest = "...";
  if (valid.size() <= most) return std::string(valid);
  std::size_t end = most > rest.size() ? most - rest.size() : 0;
  while (end > 0 && (static_cast<unsigned char>(valid[end]) & 0xC0) == 0x80) --end;
  return std::string(valid.substr(0, end)).append(rest);
}

std::size_t columns_of(std::string_view valid) {
  std::size_t columns = 0;
  each_character(valid, [&](utf8proc_int32_t code, std::string_view) {
    columns += code < 0 ? 1 : static_cast<std::size_t>(utf8proc_charwidth(code));
    return true;
  });
  return columns;
}

}  // namespace splitwan::engine
