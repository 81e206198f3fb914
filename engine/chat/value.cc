#include "engine/chat/value.hh"

#include <algorithm>
#include <cmath>

#include "engine/text/utf8.hh"

namespace splitwan::engine::chat {
namespace {

// Python's repr of what lies in lists and dictionaries.
std::string quoted(const std::string& text) {
  const char quote = text.find('\'') != std::string::npos && text.find('"') == std::string::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\\' || c == quote)
      out += std::string("\\") + c;
    else
      out += c;
  }
  return out + quote;
}

std::string number_text(const Json& n) {
  if (!n.is_number_float()) return n.dump();
  const double value = n;
  if (std::isfinite(value) && value == std::floor(value) && std::abs(value) < 1e16)
    return fmt::format("{:.1f}", value);
  return fmt::format("{}", value);
}

std::string shown(const Json& json, bool within) {
  switch (json.type()) {
    case Json::value_t::null:
      return "None";
    case Json::value_t::boolean:
      return json.get<bool>() ? "True" : "False";
    case Json::value_t::string:
      return within ? quoted(json) : json.get<std::string>();
    case Json::value_t::array: {
      std::string out = "[";
      for (std::size_t i = 0; i < json.size(); ++i) out += (i ? ", " : "") + shown(json[i], true);
      return out + "]";
    }
    case Json::value_t::object: {
      std::string out = "{";
      for (const auto& [key, value] : json.items())
        out += (out.size() > 1 ? ", " : "") + quoted(key) + ": " + shown(value, true);
      return out + "}";
    }
    default:
      return number_text(json);
  }
}

std::int64_t index_of(const Value& v, const char* what) {
  if (v.json.is_boolean()) return v.json.get<bool>();
  if (!v.json.is_number_integer()) throw Error("{}: expected a whole number, found {}", what, text_of(v));
  return v.json.get<std::int64_t>();
}

}  // namespace

bool is_true(const Value& v) {
  if (v.is_undefined()) return false;
  if (v.space || v.function) return true;
  const Json& j = v.json;
  if (j.is_string()) return !j.get_ref<const std::string&>().empty();
  if (j.is_structured()) return !j.empty();
  if (j.is_number()) return j.get<double>() != 0;
  return j.is_boolean() && j.get<bool>();
}

bool equal(const Value& a, const Value& b) {
  if (a.is_undefined() || b.is_undefined()) return a.is_undefined() && b.is_undefined();
  if (a.space || b.space) return a.space == b.space;
  const auto number = [](const Json& j) { return j.is_boolean() ? Json(j.get<bool>() ? 1 : 0) : j; };
  return number(a.json) == number(b.json);
}

bool contains(const Value& in, const Value& what) {
  if (in.json.is_string()) {
    if (!what.json.is_string()) throw Error("'in': expected a text, found {}", text_of(what));
    return in.json.get_ref<const std::string&>().find(what.json.get_ref<const std::string&>()) !=
           std::string::npos;
  }
  if (in.json.is_object())
    return what.json.is_string() && in.json.contains(what.json.get_ref<const std::string&>());
  if (in.json.is_array())
    return std::ranges::any_of(in.json, [&](const Json& one) { return equal(one, what); });
  if (in.is_undefined()) return false;
  throw Error("'in': expected a text, a list or a dictionary, found {}", text_of(in));
}

int compare(const Value& a, const Value& b) {
  const auto is_number = [](const Json& j) { return j.is_number() || j.is_boolean(); };
  const auto number = [](const Json& j) {
    return j.is_boolean() ? (j.get<bool>() ? 1.0 : 0.0) : j.get<double>();
  };
  if (is_number(a.json) && is_number(b.json)) {
    const double x = number(a.json), y = number(b.json);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.json.is_string() && b.json.is_string())
    return a.json.get_ref<const std::string&>().compare(b.json.get_ref<const std::string&>());
  throw Error("cannot compare {} with {}", a.is_undefined() ? a.undefined : text_of(a),
              b.is_undefined() ? b.undefined : text_of(b));
}

std::string text_of(const Value& v) {
  if (v.is_undefined()) return "";
  if (v.space) return shown(*v.space, false);
  if (v.function) throw Error("a function is no text");
  return shown(v.json, false);
}

std::string json_text(const Json& json, int indent) {
  const std::string line = indent < 0 ? "" : "\n";
  const std::function<std::string(const Json&, int)> dump = [&](const Json& j, int depth) -> std::string {
    if (!j.is_structured() || j.empty())
      return j.is_number_float() ? number_text(j) : j.dump(-1, ' ', false, Json::error_handler_t::replace);
    const std::string inner =
        indent < 0 ? "" : line + std::string(static_cast<std::size_t>(indent * (depth + 1)), ' ');
    const std::string outer =
        indent < 0 ? "" : line + std::string(static_cast<std::size_t>(indent * depth), ' ');
    std::string out;
    const auto next = [&] { out += out.empty() ? inner : (indent < 0 ? ", " : "," + inner); };
    if (j.is_array()) {
      for (const Json& one : j) next(), out += dump(one, depth + 1);
      return "[" + out + outer + "]";
    }
    bool first = true;
    for (const auto& [key, value] : j.items()) {
      out += first ? inner : (indent < 0 ? ", " : "," + inner);
      first = false;
      out += Json(key).dump(-1, ' ', false, Json::error_handler_t::replace) + ": " + dump(value, depth + 1);
    }
    return "{" + out + outer + "}";
  };
  return dump(json, 0);
}

std::vector<std::string> characters(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = std::max<std::size_t>(1, first_character(std::string_view(text).substr(at)));
    all.push_back(text.substr(at, size));
    at += size;
  }
  return all;
}

Value item(const Value& of, const Value& index) {
  if (of.is_undefined()) throw Error("'{}' is undefined", of.undefined);
  const Json& json = of.space ? *of.space : of.json;
  if (json.is_object()) {
    if (!index.json.is_string()) return Value::missing(text_of(index));
    const auto found = json.find(index.json.get_ref<const std::string&>());
    return found == json.end() ? Value::missing(index.json.get<std::string>()) : Value(*found);
  }
  if (json.is_array() || json.is_string()) {
    if (!index.json.is_number_integer()) return Value::missing(text_of(index));
    std::int64_t at = index_of(index, "index");
    const Json list = json.is_array() ? json : Json(characters(json));
    if (at < 0) at += static_cast<std::int64_t>(list.size());
    if (at < 0 || at >= static_cast<std::int64_t>(list.size())) return Value::missing(text_of(index));
    return list[static_cast<std::size_t>(at)];
  }
  return Value::missing(text_of(index));
}

Value slice(const Value& of, const Value& begin, const Value& end, const Value& step) {
  if (of.is_undefined()) throw Error("'{}' is undefined", of.undefined);
  if (!of.json.is_array() && !of.json.is_string())
    throw Error("expected a text or a list to take a part of, found {}", text_of(of));
  const Json list = of.json.is_array() ? of.json : Json(characters(of.json));
  const auto size = static_cast<std::int64_t>(list.size());
  const std::int64_t by = step.json.is_null() ? 1 : index_of(step, "step");
  if (by == 0) throw Error("a part of a list with a step of 0");
  const auto bound = [&](const Value& v, std::int64_t otherwise) {
    if (v.json.is_null()) return otherwise;
    std::int64_t at = index_of(v, "part");
    if (at < 0) at += size;
    return std::clamp<std::int64_t>(at, by > 0 ? 0 : -1, by > 0 ? size : size - 1);
  };
  Json part = Json::array();
  const std::int64_t first = bound(begin, by > 0 ? 0 : size - 1), last = bound(end, by > 0 ? size : -1);
  for (std::int64_t at = first; by > 0 ? at < last : at > last; at += by)
    part.push_back(list[static_cast<std::size_t>(at)]);
  if (of.json.is_array()) return part;
  std::string text;
  for (const Json& c : part) text += c.get_ref<const std::string&>();
  return Json(text);
}

Value attribute(const Value& of, const std::string& name) {
  if (of.is_undefined()) throw Error("'{}' is undefined", of.undefined);
  const Json& json = of.space ? *of.space : of.json;
  if (json.is_object()) {
    const auto found = json.find(name);
    if (found != json.end()) return *found;
  }
  return Value::missing(name);
}

}  // namespace splitwan::engine::chat
