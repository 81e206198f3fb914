#include "engine/text/utf8.hh"

#include <utf8proc.h>

#include <charconv>

namespace splitwan::engine {

std::size_t first_character(std::string_view text) {
  if (text.empty()) return 0;
  if (static_cast<unsigned char>(text[0]) < 0x80) return 1;
  utf8proc_int32_t code = 0;
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), &code);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = first_character(text);
    valid += size ? text.substr(0, size) : replacement_character;
    text.remove_prefix(size ? size : 1);
  }
  return valid;
}

std::optional<unsigned char> byte_spelt(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return std::nullopt;
  const char *digits = piece.data() + 3, *end = digits + 2;
  unsigned char byte = 0;  // unsigned: a sign is no digit
  const auto [stop, status] = std::from_chars(digits, end, byte, 16);
  return status == std::errc{} && stop == end ? std::optional(byte) : std::nullopt;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at; !from.empty() && (at = text.find(from)) != std::string_view::npos;) {
    result += text.substr(0, at);
    result += to;
    text.remove_prefix(at + from.size());
  }
  return result += text;
}

}  // namespace splitwan::engine
