#include "engine/text/scripts.hh"

#include <algorithm>
#include <unordered_map>

#include "engine/text/pattern.hh"
#include "engine/text/utf8.hh"

namespace splitwan::engine {
namespace {

// Those that tokenizers meet first; the order decides nothing but speed.
constexpr const char* scripts[] = {"Latin",
                                   "Common",
                                   "Han",
                                   "Cyrillic",
                                   "Arabic",
                                   "Hiragana",
                                   "Katakana",
                                   "Hangul",
                                   "Greek",
                                   "Hebrew",
                                   "Thai",
                                   "Devanagari",
                                   "Bengali",
                                   "Tamil",
                                   "Telugu",
                                   "Gujarati",
                                   "Gurmukhi",
                                   "Kannada",
                                   "Malayalam",
                                   "Oriya",
                                   "Sinhala",
                                   "Lao",
                                   "Tibetan",
                                   "Myanmar",
                                   "Georgian",
                                   "Armenian",
                                   "Ethiopic",
                                   "Khmer",
                                   "Mongolian",
                                   "Inherited",
                                   "Cherokee",
                                   "Canadian_Aboriginal",
                                   "Bopomofo",
                                   "Yi",
                                   "Syriac",
                                   "Thaana",
                                   "Nko",
                                   "Braille",
                                   "Coptic",
                                   "Glagolitic",
                                   "Gothic",
                                   "Runic",
                                   "Ogham",
                                   "Tifinagh",
                                   "Vai",
                                   "Javanese",
                                   "Balinese",
                                   "Sundanese",
                                   "Tai_Tham",
                                   "New_Tai_Lue",
                                   "Tai_Le",
                                   "Tai_Viet",
                                   "Lisu",
                                   "Lepcha",
                                   "Limbu",
                                   "Ol_Chiki",
                                   "Meetei_Mayek",
                                   "Saurashtra",
                                   "Kayah_Li",
                                   "Rejang",
                                   "Buginese",
                                   "Batak",
                                   "Tagalog",
                                   "Hanunoo",
                                   "Buhid",
                                   "Tagbanwa",
                                   "Cham",
                                   "Samaritan",
                                   "Mandaic",
                                   "Adlam",
                                   "Osage",
                                   "Deseret",
                                   "Shavian",
                                   "Cuneiform",
                                   "Egyptian_Hieroglyphs",
                                   "Linear_B",
                                   "Phoenician",
                                   "Avestan"};

// Which of them a character is of: kana as Han, others that are not listed as one; -1: the space, of none.
int script_of(std::string_view character) {
  if (character == " ") return -1;
  if (character == "\xE3\x83\xBC") return 2;  // U+30FC, the mark of long kana vowels
  thread_local std::unordered_map<std::string, int> known;
  const auto [at, is_new] = known.emplace(character, 0);
  if (!is_new) return at->second;
  static const std::vector<Pattern> patterns = [] {
    std::vector<Pattern> all;
    for (const char* name : scripts) all.emplace_back(std::string("\\p{") + name + "}", "UnicodeScripts");
    return all;
  }();
  const auto found =
      std::ranges::find_if(patterns, [&](const Pattern& p) { return p.find(character, 0).has_value(); });
  const auto script = static_cast<int>(found - patterns.begin());
  return at->second = script == 5 || script == 6 ? 2 : script;
}

}  // namespace

std::vector<std::string> split_at_scripts(const std::vector<std::string>& words, bool /*first*/) {
  std::vector<std::string> out;
  for (const std::string& word : words) {
    int last = -1;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t size = std::max<std::size_t>(1, first_character(std::string_view(word).substr(at)));
      const int script = script_of(std::string_view(word).substr(at, size));
      if (script >= 0 && last >= 0 && script != last) {
        out.push_back(word.substr(begin, at - begin));
        begin = at;
      }
      if (script >= 0) last = script;
      at += size;
    }
    out.push_back(word.substr(begin));
  }
  return out;
}

}  // namespace splitwan::engine
