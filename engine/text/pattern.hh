// A regular expression of a tokenizer file, over UTF-8.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace splitwan::engine {

struct Extent {
  std::size_t begin = 0, end = 0;  // bytes
};

class Pattern {
 public:
  // In Oniguruma's syntax. Throws Error naming `where` (file and key) when the expression is not understood.
  Pattern(const std::string& expression, std::string where);
  // Matches the text itself, character for character.
  static Pattern literal(const std::string& text, std::string where);
  ~Pattern();
  Pattern(Pattern&&) noexcept;

  // The first match at or after byte `from` of valid UTF-8 that is not empty.
  std::optional<Extent> find(std::string_view text, std::size_t from) const;

 private:
  struct Code;
  Pattern(const std::string& expression, std::string where, unsigned options);
  std::unique_ptr<Code> code_;
  std::string where_;
};

}  // namespace splitwan::engine
