// Expressions of a template, parsed into functions of what it knows.
#pragma once

#include <map>

#include "engine/chat/lexer.hh"
#include "engine/chat/value.hh"

namespace splitwan::engine::chat {

// Names that a part of a template sees: its own, then those around it.
struct Scope {
  explicit Scope(const Scope* around = nullptr) : outer(around) {}
  std::map<std::string, Value> own;
  const Scope* outer;
  Value look_up(const std::string& name) const;
};

using Expression = std::function<Value(const Scope&)>;

// Reads words one by one.
class Words {
 public:
  Words(std::vector<Word> words, std::string where) : words_(std::move(words)), where_(std::move(where)) {}
  const Word& next() const { return words_[at_]; }
  const Word& take() { return at_ + 1 < words_.size() ? words_[at_++] : words_[at_]; }
  bool is(Word::Kind kind, const char* text) const { return next().kind == kind && next().text == text; }
  bool is_sign(const char* text) const { return is(Word::Kind::sign, text); }
  bool is_name(const char* text) const { return is(Word::Kind::name, text); }
  bool took(Word::Kind kind, const char* text) {
    if (!is(kind, text)) return false;
    take();
    return true;
  }
  bool took_sign(const char* text) { return took(Word::Kind::sign, text); }
  bool took_name(const char* text) { return took(Word::Kind::name, text); }
  void expect_sign(const char* text);
  std::string expect_name();
  // What goes wrong later on this line is said with its number.
  Expression on_this_line(Expression) const;
  [[noreturn]] void refuse(const std::string& expected) const;
  const std::string& where() const { return where_; }

 private:
  std::vector<Word> words_;
  std::string where_;
  std::size_t at_ = 0;
};

Expression parse_expression(Words&);
// Without "a if b else c", whose "if" a loop's own condition begins with; commas make a list.
Expression parse_list(Words&);

// Filters and tests by their names; throw Error that names the unknown one.
Value filtered(const std::string& filter, Value, const std::vector<Value>& arguments,
               const std::vector<std::pair<std::string, Value>>& named);
bool tested(const std::string& test, const Value&, const std::vector<Value>& arguments);
// A method of a text or a dictionary: x.strip().
Value called(const Value&, const std::string& method, const std::vector<Value>& arguments);

}  // namespace splitwan::engine::chat
