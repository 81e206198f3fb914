// UTF-8 as the tokenizers see it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace splitwan::engine {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD

// Bytes of the character that `text` begins with; 0 when it begins with none (text empty or not UTF-8).
std::size_t first_character(std::string_view text);

// The text with U+FFFD for every byte that is no part of a character.
std::string valid_utf8(std::string_view text);

// The byte that a vocabulary spells <0x00> to <0xFF>; none of any other text.
std::optional<unsigned char> byte_spelt(std::string_view piece);

// Every `from` becomes `to`.
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

}  // namespace splitwan::engine
