#include "engine/chat/lexer.hh"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "engine/base/error.hh"

namespace splitwan::engine::chat {
namespace {

using Kind = Word::Kind;

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

class Lexer {
 public:
  Lexer(const std::string& source, const std::string& where) : source_(source), where_(where) {
    if (source_.ends_with('\n')) source_.pop_back();  // keep_trailing_newline is off
    for (std::size_t at = 0; (at = source_.find("\r\n", at)) != std::string::npos;) source_.erase(at, 1);
  }

  std::vector<Word> all() {
    while (at_ < source_.size()) {
      const std::size_t tag = next_tag();
      text_until(tag);
      if (at_ < source_.size()) read_tag();
    }
    add(Kind::end, "");
    return std::move(words_);
  }

 private:
  std::size_t next_tag() const {
    for (std::size_t at = at_; (at = source_.find('{', at)) != std::string::npos; ++at)
      if (at + 1 < source_.size() &&
          (source_[at + 1] == '%' || source_[at + 1] == '{' || source_[at + 1] == '#'))
        return at;
    return source_.size();
  }

  // Text before a tag: "-" takes all white space from its end, a block or a comment that begins its line the
  // spaces before it.
  void text_until(std::size_t tag) {
    std::string text = source_.substr(at_, tag - at_);
    const int line = line_;
    count_lines(text);
    if (trims_) text.erase(0, std::min(text.find_first_not_of(" \t\n\r\f\v"), text.size()));
    trims_ = false;
    if (tag + 2 < source_.size() && source_[tag + 2] == '-') {
      text.erase(text.find_last_not_of(" \t\n\r\f\v") + 1);
    } else if (tag + 1 < source_.size() && source_[tag + 1] != '{' &&
               !(tag + 2 < source_.size() && source_[tag + 2] == '+')) {
      const std::size_t spaces = text.find_last_not_of(" \t") + 1;
      const bool begins = spaces == 0 ? at_line_begin_ || tag == text.size() : text[spaces - 1] == '\n';
      if (begins) text.erase(spaces);
    }
    if (!text.empty()) words_.push_back({Kind::text, text, line});
    at_ = tag;
  }

  void read_tag() {
    const char kind = source_[at_ + 1];
    at_ += 2;
    if (at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+')) ++at_;
    if (kind == '#') {
      const std::size_t end = source_.find("#}", at_);
      if (end == std::string::npos) fail("a comment without an end");
      count_lines(std::string_view(source_).substr(at_, end - at_));
      close(end, 2, true);
      return;
    }
    const bool block = kind == '%';
    add(block ? Kind::block_begin : Kind::print_begin, "");
    const std::size_t first = words_.size();
    while (!read_end(block)) read_word();
    if (block && words_.size() == first + 2 && words_[first].text == "raw") raw();
  }

  // What stands between raw and endraw is text.
  void raw() {
    words_.resize(words_.size() - 3);
    std::size_t end = at_, tag = std::string::npos;
    for (std::size_t at = at_; (at = source_.find("{%", at)) != std::string::npos; at += 2) {
      std::size_t word = at + 2;
      while (word < source_.size() && (source_[word] == '-' || source_[word] == ' ')) ++word;
      if (source_.compare(word, 6, "endraw") == 0) {
        tag = at;
        end = source_.find("%}", word);
        break;
      }
    }
    if (tag == std::string::npos || end == std::string::npos) fail("'raw' without 'endraw'");
    const std::string text = source_.substr(at_, tag - at_);
    words_.push_back({Kind::text, text, line_});
    count_lines(text);
    close(end, 2, true);
  }

  // Behind a tag: "-" takes white space, a block or comment one line end.
  void close(std::size_t end, std::size_t size, bool block) {
    trims_ = end > 0 && source_[end - 1] == '-';
    at_ = end + size;
    at_line_begin_ = false;
    if (block && !trims_ && at_ < source_.size() && source_[at_] == '\n') {
      ++at_, ++line_;
      at_line_begin_ = true;
    }
  }

  bool read_end(bool block) {
    while (at_ < source_.size() && std::isspace(static_cast<unsigned char>(source_[at_])))
      if (source_[at_++] == '\n') ++line_;
    const std::size_t mark = at_ < source_.size() && source_[at_] == '-' ? at_ + 1 : at_;
    if (source_.compare(mark, 2, block ? "%}" : "}}") != 0 || (!block && depth_ > 0)) return false;
    add(block ? Kind::block_end : Kind::print_end, "");
    close(mark, 2, block);
    return true;
  }

  void read_word() {
    if (at_ >= source_.size()) fail("a tag without an end");
    const char c = source_[at_];
    if (c == '"' || c == '\'') return read_string(c);
    if (std::isdigit(static_cast<unsigned char>(c))) {
      std::size_t end = at_;
      while (end < source_.size() && (std::isdigit(static_cast<unsigned char>(source_[end])) ||
                                      (source_[end] == '.' && end + 1 < source_.size() &&
                                       std::isdigit(static_cast<unsigned char>(source_[end + 1])))))
        ++end;
      return take(Kind::number, end);
    }
    if (is_name(c)) {
      std::size_t end = at_;
      while (end < source_.size() && is_name(source_[end])) ++end;
      return take(Kind::name, end);
    }
    for (const std::string_view two : {"==", "!=", "<=", ">=", "//", "**"})
      if (source_.compare(at_, 2, two) == 0) return take(Kind::sign, at_ + 2);
    if (std::string_view("()[]{}<>+-*/%~|.,:=").find(c) == std::string_view::npos)
      fail(std::string("'") + c + "'");
    depth_ += c == '{' ? 1 : c == '}' ? -1 : 0;
    take(Kind::sign, at_ + 1);
  }

  void read_string(char quote) {
    std::string text;
    const int line = line_;
    for (++at_;; ++at_) {
      if (at_ >= source_.size()) fail("a text without an end");
      char c = source_[at_];
      if (c == quote) break;
      if (c == '\n') ++line_;
      if (c == '\\' && at_ + 1 < source_.size()) {
        c = source_[++at_];
        constexpr std::string_view named = "ntrbf0", meant("\n\t\r\b\f\0", 6);
        const auto which = named.find(c);
        if (which != std::string_view::npos)
          c = meant[which];
        else if (c != '\\' && c != '\'' && c != '"' && c != '\n')
          text += '\\';
      }
      text += c;
    }
    ++at_;
    words_.push_back({Kind::string, text, line});
  }

  void take(Kind kind, std::size_t end) {
    add(kind, source_.substr(at_, end - at_));
    at_ = end;
  }
  void add(Kind kind, std::string text) { words_.push_back({kind, std::move(text), line_}); }
  void count_lines(std::string_view text) { line_ += static_cast<int>(std::ranges::count(text, '\n')); }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error("{}: line {}: {} is not understood", where_, line_, what);
  }

  std::string source_;
  const std::string& where_;
  std::size_t at_ = 0;
  int line_ = 1, depth_ = 0;
  bool trims_ = false, at_line_begin_ = true;
  std::vector<Word> words_;
};

}  // namespace

std::vector<Word> words_of(const std::string& source, const std::string& where) {
  return Lexer(source, where).all();
}

}  // namespace splitwan::engine::chat
