// Filters, tests and methods that templates use, by their names.
#include <algorithm>
#include <cmath>

#include "engine/chat/expression.hh"
#include "engine/text/utf8.hh"

namespace splitwan::engine::chat {
namespace {

using Named = std::vector<std::pair<std::string, Value>>;
using Values = std::vector<Value>;

constexpr const char* blanks = " \t\n\r\f\v";

const std::string& string_of(const Value& v, const std::string& for_what) {
  if (v.is_undefined()) throw Error("'{}' is undefined", v.undefined);
  if (!v.json.is_string()) throw Error("{}: expected a text, found {}", for_what, text_of(v));
  return v.json.get_ref<const std::string&>();
}

// As Python's str.strip: any of the characters.
std::string stripped(const std::string& text, bool left, bool right, const std::string& of) {
  const std::vector<std::string> any = characters(of), all = characters(text);
  std::size_t begin = 0, end = all.size();
  const auto goes = [&](const std::string& c) { return std::ranges::find(any, c) != any.end(); };
  while (left && begin < end && goes(all[begin])) ++begin;
  while (right && end > begin && goes(all[end - 1])) --end;
  std::string rest;
  for (std::size_t i = begin; i < end; ++i) rest += all[i];
  return rest;
}

std::string cased(std::string text, bool upper) {  // ASCII; what lies beyond stays
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x80)
      c = static_cast<char>(upper ? std::toupper(static_cast<unsigned char>(c))
                                  : std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string titled(std::string text, bool every_word) {
  bool begins = true;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) continue;
    c = begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
               : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    begins = every_word && !std::isalnum(static_cast<unsigned char>(c)) && c != '\'';
  }
  return text;
}

Json split(const std::string& text, const Values& arguments) {
  Json parts = Json::array();
  const std::int64_t most = arguments.size() > 1 ? arguments[1].json.get<std::int64_t>() : -1;
  if (arguments.empty() || arguments[0].json.is_null()) {
    for (std::size_t at = 0; (at = text.find_first_not_of(blanks, at)) != std::string::npos;) {
      const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
      parts.push_back(text.substr(at, end - at));
      at = end;
    }
    return parts;
  }
  const std::string& by = string_of(arguments[0], "split");
  if (by.empty()) throw Error("split: an empty separator");
  std::size_t at = 0;
  for (std::size_t end; (end = text.find(by, at)) != std::string::npos; at = end + by.size()) {
    if (most >= 0 && static_cast<std::int64_t>(parts.size()) >= most) break;
    parts.push_back(text.substr(at, end - at));
  }
  parts.push_back(text.substr(at));
  return parts;
}

Json list_of(const Value& v) {
  if (v.is_undefined()) return Json::array();
  if (v.json.is_array()) return v.json;
  if (v.json.is_string()) return Json(characters(v.json));
  Json keys = Json::array();
  if (v.json.is_object())
    for (const auto& [key, value] : v.json.items()) keys.push_back(key);
  else
    throw Error("expected a list, found {}", text_of(v));
  return keys;
}

Json pairs_of(const Value& v) {
  if (!v.json.is_object()) throw Error("items: expected a dictionary, found {}", text_of(v));
  Json pairs = Json::array();
  for (const auto& [key, value] : v.json.items()) pairs.push_back({key, value});
  return pairs;
}

// "a.b" of an entry.
Value path_of(Value of, const Value& path) {
  if (path.json.is_number_integer()) return item(of, path);
  const std::string& name = string_of(path, "attribute");
  for (std::size_t at = 0;;) {
    const std::size_t dot = name.find('.', at);
    of = attribute(of, name.substr(at, dot - at));
    if (dot == std::string::npos || of.is_undefined()) return of;
    at = dot + 1;
  }
}

// select, reject, selectattr, rejectattr.
Json chosen(const Json& list, const Values& arguments, bool by_attribute, bool keeps) {
  const std::size_t test = by_attribute ? 1 : 0;
  if (by_attribute && arguments.empty()) throw Error("selectattr: expected an attribute's name");
  Json kept = Json::array();
  for (const Json& one : list) {
    const Value looked = by_attribute ? path_of(one, arguments[0]) : Value(one);
    const bool holds =
        arguments.size() > test
            ? tested(string_of(arguments[test], "test"), looked,
                     Values(arguments.begin() + static_cast<std::ptrdiff_t>(test) + 1, arguments.end()))
            : is_true(looked);
    if (holds == keeps) kept.push_back(one);
  }
  return kept;
}

Json sorted(Json list, const Value& by, bool reverse) {
  std::stable_sort(list.begin(), list.end(), [&](const Json& a, const Json& b) {
    const Value x = by.json.is_null() ? Value(a) : path_of(a, by),
                y = by.json.is_null() ? Value(b) : path_of(b, by);
    return reverse ? compare(y, x) < 0 : compare(x, y) < 0;
  });
  return list;
}

Value argument(const Values& positional, const Named& named, std::size_t place, const char* name,
               Value otherwise) {
  for (const auto& [n, value] : named)
    if (n == name) return value;
  return place < positional.size() ? positional[place] : std::move(otherwise);
}

std::string joined(const Json& list, const std::string& between) {
  std::string text;
  for (std::size_t i = 0; i < list.size(); ++i) text += (i ? between : "") + text_of(list[i]);
  return text;
}

std::string replaced(const std::string& text, const Values& a) {
  if (a.size() < 2) throw Error("replace: expected what and by what");
  return replace_all(text, string_of(a[0], "replace"), string_of(a[1], "replace"));
}

std::string indented(const std::string& text, std::int64_t width, bool first) {
  const std::string space(static_cast<std::size_t>(std::clamp<std::int64_t>(width, 0, 100)), ' ');
  std::string out = first ? space : "";
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '\n' && i + 1 < text.size() && text[i + 1] != '\n') out += space;
  }
  return out;
}

using Filter = Value (*)(const Value&, const Values&, const Named&);
const std::map<std::string, Filter>& filters() {
  static const std::map<std::string, Filter> all = {
      {"trim", [](const Value& v, const Values& a, const Named& n) {
         const Value of = argument(a, n, 0, "chars", Json(blanks));
         return Value(Json(stripped(text_of(v), true, true, text_of(of))));
       }},
      {"length", [](const Value& v, const Values&, const Named&) {
         if (v.is_undefined()) return Value(Json(0));
         if (v.json.is_string()) return Value(Json(characters(v.json).size()));
         if (!v.json.is_structured()) throw Error("length: expected a text, a list or a dictionary, found {}", text_of(v));
         return Value(Json(v.json.size()));
       }},
      {"tojson", [](const Value& v, const Values& a, const Named& n) {
         if (v.is_undefined()) throw Error("'{}' is undefined", v.undefined);
         const Value indent = argument(a, n, 0, "indent", {});
         return Value(Json(json_text(v.json, indent.json.is_number_integer() ? indent.json.get<int>() : -1)));
       }},
      {"string", [](const Value& v, const Values&, const Named&) { return Value(Json(text_of(v))); }},
      {"safe", [](const Value& v, const Values&, const Named&) { return v; }},
      {"list", [](const Value& v, const Values&, const Named&) { return Value(list_of(v)); }},
      {"items", [](const Value& v, const Values&, const Named&) {
         return v.is_undefined() ? Value(Json::array()) : Value(pairs_of(v));
       }},
      {"dictsort", [](const Value& v, const Values&, const Named&) { return Value(sorted(pairs_of(v), Json(0), false)); }},
      {"upper", [](const Value& v, const Values&, const Named&) { return Value(Json(cased(text_of(v), true))); }},
      {"lower", [](const Value& v, const Values&, const Named&) { return Value(Json(cased(text_of(v), false))); }},
      {"title", [](const Value& v, const Values&, const Named&) { return Value(Json(titled(text_of(v), true))); }},
      {"capitalize", [](const Value& v, const Values&, const Named&) { return Value(Json(titled(text_of(v), false))); }},
      {"first", [](const Value& v, const Values&, const Named&) { return item(list_of(v), Json(0)); }},
      {"last", [](const Value& v, const Values&, const Named&) { return item(list_of(v), Json(-1)); }},
      {"reverse", [](const Value& v, const Values&, const Named&) {
         Json list = list_of(v);
         std::reverse(list.begin(), list.end());
         return v.json.is_string() ? Value(Json(joined(list, ""))) : Value(list);
       }},
      {"sort", [](const Value& v, const Values& a, const Named& n) {
         return Value(sorted(list_of(v), argument(a, n, 2, "attribute", {}), is_true(argument(a, n, 0, "reverse", {}))));
       }},
      {"unique", [](const Value& v, const Values&, const Named&) {
         Json once = Json::array();
         for (const Json& one : list_of(v))
           if (!contains(once, one)) once.push_back(one);
         return Value(once);
       }},
      {"join", [](const Value& v, const Values& a, const Named& n) {
         Json list = list_of(v);
         if (const Value by = argument(a, n, 1, "attribute", {}); !by.json.is_null())
           for (Json& one : list) one = path_of(one, by).json;
         return Value(Json(joined(list, text_of(argument(a, n, 0, "d", Json(""))))));
       }},
      {"replace", [](const Value& v, const Values& a, const Named&) { return Value(Json(replaced(text_of(v), a))); }},
      {"default", [](const Value& v, const Values& a, const Named& n) {
         const bool falsy = is_true(argument(a, n, 1, "boolean", {}));
         return v.is_undefined() || (falsy && !is_true(v)) ? argument(a, n, 0, "default_value", Json("")) : v;
       }},
      {"map", [](const Value& v, const Values& a, const Named& n) {
         Json all = Json::array();
         const Value by = argument({}, n, 0, "attribute", {});
         for (const Json& one : list_of(v)) {
           if (!by.json.is_null())
             all.push_back(path_of(one, by).json);
           else if (!a.empty())
             all.push_back(filtered(string_of(a[0], "map"), one, Values(a.begin() + 1, a.end()), {}).json);
           else
             throw Error("map: expected a filter's name or attribute=");
         }
         return Value(all);
       }},
      {"select", [](const Value& v, const Values& a, const Named&) { return Value(chosen(list_of(v), a, false, true)); }},
      {"reject", [](const Value& v, const Values& a, const Named&) { return Value(chosen(list_of(v), a, false, false)); }},
      {"selectattr", [](const Value& v, const Values& a, const Named&) { return Value(chosen(list_of(v), a, true, true)); }},
      {"rejectattr", [](const Value& v, const Values& a, const Named&) { return Value(chosen(list_of(v), a, true, false)); }},
      {"indent", [](const Value& v, const Values& a, const Named& n) {
         const Value width = argument(a, n, 0, "width", Json(4));
         return Value(Json(indented(text_of(v), width.json.is_number_integer() ? width.json.get<std::int64_t>() : 4,
                                    is_true(argument(a, n, 1, "first", {})))));
       }},
      {"int", [](const Value& v, const Values&, const Named&) {
         if (v.json.is_number()) return Value(Json(static_cast<std::int64_t>(v.json.get<double>())));
         return Value(Json(static_cast<std::int64_t>(std::strtoll(text_of(v).c_str(), nullptr, 10))));
       }},
      {"float", [](const Value& v, const Values&, const Named&) {
         return Value(Json(v.json.is_number() ? v.json.get<double>() : std::strtod(text_of(v).c_str(), nullptr)));
       }},
      {"abs", [](const Value& v, const Values&, const Named&) {
         if (v.json.is_number_integer()) return Value(Json(std::abs(v.json.get<std::int64_t>())));
         return Value(Json(std::abs(v.json.get<double>())));
       }}};
  return all;
}

using Test = bool (*)(const Value&, const Values&);
const Value& other(const Values& a) {
  if (a.empty()) throw Error("a test that compares: expected a value");
  return a[0];
}
const std::map<std::string, Test>& tests() {
  static const std::map<std::string, Test> all = {
      {"defined", [](const Value& v, const Values&) { return !v.is_undefined(); }},
      {"undefined", [](const Value& v, const Values&) { return v.is_undefined(); }},
      {"none",
       [](const Value& v, const Values&) {
         return !v.is_undefined() && !v.space && !v.function && v.json.is_null();
       }},
      {"string", [](const Value& v, const Values&) { return v.json.is_string(); }},
      {"number", [](const Value& v, const Values&) { return v.json.is_number() || v.json.is_boolean(); }},
      {"integer", [](const Value& v, const Values&) { return v.json.is_number_integer(); }},
      {"float", [](const Value& v, const Values&) { return v.json.is_number_float(); }},
      {"boolean", [](const Value& v, const Values&) { return v.json.is_boolean(); }},
      {"true", [](const Value& v, const Values&) { return v.json.is_boolean() && v.json.get<bool>(); }},
      {"false", [](const Value& v, const Values&) { return v.json.is_boolean() && !v.json.get<bool>(); }},
      {"mapping", [](const Value& v, const Values&) { return v.json.is_object(); }},
      {"sequence",
       [](const Value& v, const Values&) { return v.json.is_structured() || v.json.is_string(); }},
      {"iterable",
       [](const Value& v, const Values&) {
         return v.is_undefined() || v.json.is_structured() || v.json.is_string();
       }},
      {"callable", [](const Value& v, const Values&) { return v.function != nullptr; }},
      {"equalto", [](const Value& v, const Values& a) { return equal(v, other(a)); }},
      {"eq", [](const Value& v, const Values& a) { return equal(v, other(a)); }},
      {"==", [](const Value& v, const Values& a) { return equal(v, other(a)); }},
      {"sameas", [](const Value& v, const Values& a) { return equal(v, other(a)); }},
      {"ne", [](const Value& v, const Values& a) { return !equal(v, other(a)); }},
      {"!=", [](const Value& v, const Values& a) { return !equal(v, other(a)); }},
      {"gt", [](const Value& v, const Values& a) { return compare(v, other(a)) > 0; }},
      {"lt", [](const Value& v, const Values& a) { return compare(v, other(a)) < 0; }},
      {"in", [](const Value& v, const Values& a) { return contains(other(a), v); }},
      {"odd", [](const Value& v, const Values&) { return v.json.get<std::int64_t>() % 2 != 0; }},
      {"even", [](const Value& v, const Values&) { return v.json.get<std::int64_t>() % 2 == 0; }},
      {"divisibleby", [](const Value& v, const Values& a) {
         return v.json.get<std::int64_t>() % other(a).json.get<std::int64_t>() == 0;
       }}};
  return all;
}

using Method = Value (*)(const Value&, const Values&);
std::string any_of(const Values& a) { return a.empty() ? blanks : string_of(a[0], "strip"); }
bool affixed(const std::string& text, const Value& by, bool begin) {
  for (const Json& one : by.json.is_array() ? by.json : Json::array({by.json})) {
    const std::string& affix = string_of(one, begin ? "startswith" : "endswith");
    if (begin ? text.starts_with(affix) : text.ends_with(affix)) return true;
  }
  return false;
}
const std::map<std::string, Method>& methods_of_texts() {
  static const std::map<std::string, Method> all = {
      {"strip",
       [](const Value& v, const Values& a) { return Value(Json(stripped(v.json, true, true, any_of(a)))); }},
      {"lstrip",
       [](const Value& v, const Values& a) { return Value(Json(stripped(v.json, true, false, any_of(a)))); }},
      {"rstrip",
       [](const Value& v, const Values& a) { return Value(Json(stripped(v.json, false, true, any_of(a)))); }},
      {"split", [](const Value& v, const Values& a) { return Value(split(v.json, a)); }},
      {"splitlines",
       [](const Value& v, const Values&) {
         std::string text = v.json;
         if (text.ends_with('\n')) text.pop_back();
         return text.empty() ? Value(Json::array()) : Value(split(text, {Json("\n")}));
       }},
      {"startswith",
       [](const Value& v, const Values& a) { return Value(Json(affixed(v.json, other(a), true))); }},
      {"endswith",
       [](const Value& v, const Values& a) { return Value(Json(affixed(v.json, other(a), false))); }},
      {"upper", [](const Value& v, const Values&) { return Value(Json(cased(v.json, true))); }},
      {"lower", [](const Value& v, const Values&) { return Value(Json(cased(v.json, false))); }},
      {"title", [](const Value& v, const Values&) { return Value(Json(titled(v.json, true))); }},
      {"capitalize", [](const Value& v, const Values&) { return Value(Json(titled(v.json, false))); }},
      {"replace", [](const Value& v, const Values& a) { return Value(Json(replaced(v.json, a))); }},
      {"join",
       [](const Value& v, const Values& a) { return Value(Json(joined(list_of(other(a)), v.json))); }},
      {"find", [](const Value& v, const Values& a) {
         const std::string& text = v.json.get_ref<const std::string&>();
         const auto at = text.find(string_of(other(a), "find"));
         return Value(Json(at == std::string::npos
                               ? std::int64_t{-1}
                               : static_cast<std::int64_t>(characters(text.substr(0, at)).size())));
       }}};
  return all;
}

// Names of a table, for who asked for one that is not there.
template <typename Table>
std::string names_of(const Table& table) {
  std::string names;
  for (const auto& [name, f] : table) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

Value filtered(const std::string& filter, Value v, const Values& arguments, const Named& named) {
  const std::string name = filter == "count" ? "length" : filter == "d" ? "default" : filter;
  const auto found = filters().find(name);
  if (found == filters().end())
    throw Error("filter '{}' is not implemented (expected one of {})", filter, names_of(filters()));
  return found->second(v, arguments, named);
}

bool tested(const std::string& test, const Value& v, const Values& arguments) {
  const auto found = tests().find(test);
  if (found == tests().end())
    throw Error("test '{}' is not implemented (expected one of {})", test, names_of(tests()));
  const bool whole = test == "odd" || test == "even" || test == "divisibleby";
  if (whole && !v.json.is_number_integer())
    throw Error("'{}': expected a whole number, found {}", test, text_of(v));
  if (test == "divisibleby" && (!other(arguments).json.is_number_integer() || other(arguments).json == 0))
    throw Error("'divisibleby': expected a whole number, found {}", text_of(other(arguments)));
  return found->second(v, arguments);
}

Value called(const Value& of, const std::string& method, const Values& arguments) {
  if (of.is_undefined()) throw Error("'{}' is undefined", of.undefined);
  if (of.json.is_string()) {
    const auto found = methods_of_texts().find(method);
    if (found != methods_of_texts().end()) return found->second(of, arguments);
  } else if (of.json.is_object()) {
    if (method == "items") return pairs_of(of);
    if (method == "keys") return list_of(of);
    if (method == "values") {
      Json values = Json::array();
      for (const auto& [key, value] : of.json.items()) values.push_back(value);
      return values;
    }
    if (method == "get") {
      const Value found = item(of, other(arguments));
      if (!found.is_undefined()) return found;
      return arguments.size() > 1 ? arguments[1] : Value();
    }
  }
  throw Error("method '{}' of {} is not implemented", method,
              of.json.is_string()   ? fmt::format("a text (expected one of {})", names_of(methods_of_texts()))
              : of.json.is_object() ? "a dictionary (expected get, items, keys or values)"
                                    : text_of(of).substr(0, 40));
}

}  // namespace splitwan::engine::chat
