// What a template's expressions are made of: Python's values, as far as Jinja shows them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/json_file.hh"

namespace splitwan::engine::chat {

struct Value;
// Called with positional and named arguments.
using Function = std::function<Value(std::vector<Value>, std::vector<std::pair<std::string, Value>>)>;

struct Value {
  Value() = default;
  Value(Json json) : json(std::move(json)) {}  // NOLINT(google-explicit-constructor): a value is mostly JSON

  static Value missing(std::string what) {
    Value v;
    v.undefined = std::move(what);
    return v;
  }
  static Value callable(Function f) {
    Value v;
    v.function = std::make_shared<const Function>(std::move(f));
    return v;
  }

  Json json;                                 // null: none
  std::string undefined;                     // not empty: there is no such thing, and its name
  std::shared_ptr<Json> space;               // of namespace(): shared by who has it, may be written
  std::shared_ptr<const Function> function;  // a macro, or what the templates of others bring

  bool is_undefined() const { return !undefined.empty(); }
};

bool is_true(const Value&);
bool equal(const Value&, const Value&);
bool contains(const Value& in, const Value& what);  // throws Error where nothing can be in it
int compare(const Value&, const Value&);            // below 0, 0, above 0; throws Error where Python would
std::string text_of(const Value&);                  // as {{ }} shows it
std::string json_text(const Json&,
                      int indent = -1);  // as transformers' tojson: Python's separators, no escapes

// Characters of UTF-8.
std::vector<std::string> characters(const std::string&);

// x[index], x[begin:end:step] and x.name; what is not there is undefined.
Value item(const Value&, const Value& index);
Value slice(const Value&, const Value& begin, const Value& end, const Value& step);
Value attribute(const Value&, const std::string& name);

}  // namespace splitwan::engine::chat
