#include "engine/chat/expression.hh"

#include <cmath>

namespace splitwan::engine::chat {
namespace {

using Kind = Word::Kind;
using Arguments = std::pair<std::vector<Value>, std::vector<std::pair<std::string, Value>>>;
using ArgumentsOf = std::function<Arguments(const Scope&)>;

class Parser {
 public:
  explicit Parser(Words& words) : w_(words) {}

  Expression whole() {
    Expression value = either();
    if (!w_.took_name("if")) return value;
    const Expression condition = either();
    if (!w_.took_name("else"))
      return [=](const Scope& s) { return is_true(condition(s)) ? value(s) : Value::missing("else"); };
    const Expression other = whole();
    return [=](const Scope& s) { return is_true(condition(s)) ? value(s) : other(s); };
  }

  Expression either() {
    const Deeper deeper(*this);
    Expression left = both();
    while (w_.took_name("or"))
      left = [left, right = both()](const Scope& s) {
        Value v = left(s);
        return is_true(v) ? v : right(s);
      };
    return left;
  }

 private:
  // A template of a stranger's may nest as deep as its file is long.
  struct Deeper {
    explicit Deeper(Parser& of) : parser(of) {
      if (++parser.depth_ > 60) parser.w_.refuse("less nesting");
    }
    ~Deeper() { --parser.depth_; }
    Parser& parser;
  };

  Expression both() {
    Expression left = negated();
    while (w_.took_name("and"))
      left = [left, right = negated()](const Scope& s) {
        Value v = left(s);
        return is_true(v) ? right(s) : v;
      };
    return left;
  }

  Expression negated() {
    if (!w_.took_name("not")) return comparison();
    const Deeper deeper(*this);
    return [of = negated()](const Scope& s) { return Value(!is_true(of(s))); };
  }

  Expression comparison() {
    Expression left = sum();
    while (true) {
      static const std::map<std::string, bool (*)(const Value&, const Value&)> signs = {
          {"==", [](const Value& a, const Value& b) { return equal(a, b); }},
          {"!=", [](const Value& a, const Value& b) { return !equal(a, b); }},
          {"<", [](const Value& a, const Value& b) { return compare(a, b) < 0; }},
          {"<=", [](const Value& a, const Value& b) { return compare(a, b) <= 0; }},
          {">", [](const Value& a, const Value& b) { return compare(a, b) > 0; }},
          {">=", [](const Value& a, const Value& b) { return compare(a, b) >= 0; }}};
      const auto sign = w_.next().kind == Kind::sign ? signs.find(w_.next().text) : signs.end();
      if (sign != signs.end()) {
        w_.take();
        left = w_.on_this_line([left, right = sum(), holds = sign->second](const Scope& s) {
          return Value(holds(left(s), right(s)));
        });
      } else if (w_.took_name("in")) {
        left =
            w_.on_this_line([left, in = sum()](const Scope& s) { return Value(contains(in(s), left(s))); });
      } else if (w_.is_name("not")) {
        w_.take();
        if (!w_.took_name("in")) w_.refuse("'not in'");
        left =
            w_.on_this_line([left, in = sum()](const Scope& s) { return Value(!contains(in(s), left(s))); });
      } else {
        return left;
      }
    }
  }

  static Value add(const Value& a, const Value& b) {
    if (a.is_undefined() || b.is_undefined())
      throw Error("'{}' is undefined", a.is_undefined() ? a.undefined : b.undefined);
    if (a.json.is_string() && b.json.is_string())
      return Json(a.json.get_ref<const std::string&>() + b.json.get_ref<const std::string&>());
    if (a.json.is_array() && b.json.is_array()) {
      Json all = a.json;
      for (const Json& one : b.json) all.push_back(one);
      return all;
    }
    if (!a.json.is_number() || !b.json.is_number())
      throw Error("cannot add {} and {}", text_of(a), text_of(b));
    return number('+', a, b);
  }
  static Value number(char sign, const Value& a, const Value& b) {
    if (!a.json.is_number() || !b.json.is_number())
      throw Error("'{}': expected numbers, found {} and {}", sign,
                  a.is_undefined() ? a.undefined : text_of(a), b.is_undefined() ? b.undefined : text_of(b));
    const bool whole = a.json.is_number_integer() && b.json.is_number_integer();
    const double x = a.json.get<double>(), y = b.json.get<double>();
    if ((sign == '/' || sign == 'd' || sign == '%') && y == 0) throw Error("a division by 0");
    const double result = sign == '+'   ? x + y
                          : sign == '-' ? x - y
                          : sign == '*' ? x * y
                          : sign == '/' ? x / y
                          : sign == 'd' ? std::floor(x / y)
                          : sign == '%' ? x - y * std::floor(x / y)
                                        : std::pow(x, y);
    if (whole && sign != '/' && std::abs(result) < 9e15) return Json(static_cast<std::int64_t>(result));
    return Json(result);
  }

  Expression sum() {
    Expression left = product();
    while (w_.is_sign("+") || w_.is_sign("-") || w_.is_sign("~")) {
      const char sign = w_.take().text[0];
      left = w_.on_this_line([left, right = product(), sign](const Scope& s) {
        const Value a = left(s), b = right(s);
        if (sign == '~') return Value(Json(text_of(a) + text_of(b)));
        return sign == '+' ? add(a, b) : number('-', a, b);
      });
    }
    return left;
  }

  Expression product() {
    Expression left = signed_value();
    while (w_.is_sign("*") || w_.is_sign("/") || w_.is_sign("//") || w_.is_sign("%") || w_.is_sign("**")) {
      const std::string sign = w_.take().text;
      const char kind = sign == "//" ? 'd' : sign == "**" ? '^' : sign[0];
      left = w_.on_this_line(
          [left, right = signed_value(), kind](const Scope& s) { return number(kind, left(s), right(s)); });
    }
    return left;
  }

  Expression signed_value() {
    if (!w_.took_sign("-")) return with_filters(postfix(primary()));
    return w_.on_this_line([of = signed_value()](const Scope& s) { return number('-', Json(0), of(s)); });
  }

  Expression with_filters(Expression value) {
    while (w_.is_sign("|") || w_.is_name("is")) {
      if (w_.took_sign("|")) {
        const std::string name = w_.expect_name();
        const ArgumentsOf arguments = w_.is_sign("(") ? call() : none();
        value = w_.on_this_line([value, name, arguments](const Scope& s) {
          const auto [positional, named] = arguments(s);
          return filtered(name, value(s), positional, named);
        });
        value = postfix(value);
        continue;
      }
      w_.take();
      const bool negative = w_.took_name("not");
      const std::string name = w_.expect_name();
      ArgumentsOf arguments = none();
      const bool takes_one = name == "divisibleby" || name == "equalto" || name == "eq" || name == "in" ||
                             name == "sameas" || name == "ne" || name == "gt" || name == "lt";
      if (w_.is_sign("("))
        arguments = call();
      else if (takes_one)
        arguments = [one = postfix(primary())](const Scope& s) { return Arguments{{one(s)}, {}}; };
      value = w_.on_this_line([value, name, arguments, negative](const Scope& s) {
        return Value(tested(name, value(s), arguments(s).first) != negative);
      });
    }
    return value;
  }

  static ArgumentsOf none() {
    return [](const Scope&) { return Arguments{}; };
  }

  ArgumentsOf call() {
    w_.expect_sign("(");
    std::vector<std::pair<std::string, Expression>> all;
    while (!w_.took_sign(")")) {
      std::string name;
      Expression value = whole();
      if (w_.took_sign("=")) {  // what came was a name
        name = last_name_;
        value = whole();
      }
      all.emplace_back(name, value);
      if (!w_.took_sign(",") && !w_.is_sign(")")) w_.refuse("',' or ')'");
    }
    return [all](const Scope& s) {
      Arguments found;
      for (const auto& [name, value] : all) {
        if (name.empty())
          found.first.push_back(value(s));
        else
          found.second.emplace_back(name, value(s));
      }
      return found;
    };
  }

  Expression postfix(Expression value) {
    while (true) {
      if (w_.took_sign(".")) {
        const std::string name = w_.expect_name();
        if (w_.is_sign("(")) {
          value = w_.on_this_line([value, name, arguments = call()](const Scope& s) {
            const auto [positional, named] = arguments(s);
            const Value of = value(s);
            if (const Value own = of.is_undefined() ? Value() : attribute(of, name); own.function)
              return (*own.function)(positional, named);
            return called(of, name, positional);
          });
        } else {
          value = w_.on_this_line([value, name](const Scope& s) { return attribute(value(s), name); });
        }
      } else if (w_.is_sign("(")) {
        value = w_.on_this_line([value, name = last_name_, arguments = call()](const Scope& s) {
          const Value f = value(s);
          if (!f.function) throw Error("'{}' is no function that is known here", name);
          const auto [positional, named] = arguments(s);
          return (*f.function)(positional, named);
        });
      } else if (w_.took_sign("[")) {
        value = subscript(value);
      } else {
        return value;
      }
    }
  }

  Expression subscript(const Expression& of) {
    const Expression nothing = [](const Scope&) { return Value(); };
    Expression parts[3] = {nothing, nothing, nothing};
    int part = 0;
    while (!w_.took_sign("]")) {
      if (w_.took_sign(":")) {
        if (++part > 2) w_.refuse("']'");
      } else {
        parts[part] = whole();
      }
    }
    if (part == 0) return w_.on_this_line([of, at = parts[0]](const Scope& s) { return item(of(s), at(s)); });
    return w_.on_this_line([of, a = parts[0], b = parts[1], c = parts[2]](const Scope& s) {
      return slice(of(s), a(s), b(s), c(s));
    });
  }

  Expression primary() {
    const Deeper deeper(*this);
    const Word word = w_.take();
    last_name_ = word.kind == Kind::name ? word.text : "";
    if (word.kind == Kind::string) {
      std::string text = word.text;
      while (w_.next().kind == Kind::string) text += w_.take().text;
      return [text](const Scope&) { return Value(Json(text)); };
    }
    if (word.kind == Kind::number) {
      const Json number = Json::parse(word.text, nullptr, /*allow_exceptions=*/false);
      if (!number.is_number()) w_.refuse("a number");
      return [number](const Scope&) { return Value(number); };
    }
    if (word.kind == Kind::name) {
      static const std::map<std::string, Json> constants = {{"true", true},    {"True", true},
                                                            {"false", false},  {"False", false},
                                                            {"none", nullptr}, {"None", nullptr}};
      if (const auto known = constants.find(word.text); known != constants.end())
        return [value = known->second](const Scope&) { return Value(value); };
      return [name = word.text](const Scope& s) { return s.look_up(name); };
    }
    if (word.kind == Kind::sign && word.text == "(") {
      if (w_.took_sign(")")) return [](const Scope&) { return Value(Json::array()); };
      Expression inner = whole();
      if (w_.is_sign(","))
        inner = list(")", inner);
      else
        w_.expect_sign(")");
      last_name_.clear();
      return inner;
    }
    if (word.kind == Kind::sign && word.text == "[") return list("]", {});
    if (word.kind == Kind::sign && word.text == "{") return dictionary();
    w_.refuse("a value");
  }

  Expression list(const char* end, const Expression& first) {
    std::vector<Expression> all;
    if (first) all.push_back(first), w_.took_sign(",");
    while (!w_.took_sign(end)) {
      all.push_back(whole());
      if (!w_.took_sign(",") && !w_.is_sign(end)) w_.refuse(std::string("',' or '") + end + "'");
    }
    return [all](const Scope& s) {
      Json list = Json::array();
      for (const Expression& one : all) list.push_back(one(s).json);
      return Value(list);
    };
  }

  Expression dictionary() {
    std::vector<std::pair<Expression, Expression>> all;
    while (!w_.took_sign("}")) {
      Expression key = whole();
      w_.expect_sign(":");
      all.emplace_back(key, whole());
      if (!w_.took_sign(",") && !w_.is_sign("}")) w_.refuse("',' or '}'");
    }
    return [all](const Scope& s) {
      Json object = Json::object();
      for (const auto& [key, value] : all) object[text_of(key(s))] = value(s).json;
      return Value(object);
    };
  }

  Words& w_;
  int depth_ = 0;
  std::string last_name_;
};

}  // namespace

Value Scope::look_up(const std::string& name) const {
  for (const Scope* s = this; s; s = s->outer)
    if (const auto found = s->own.find(name); found != s->own.end()) return found->second;
  return Value::missing(name);
}

void Words::expect_sign(const char* text) {
  if (!took_sign(text)) refuse(std::string("'") + text + "'");
}

std::string Words::expect_name() {
  if (next().kind != Word::Kind::name) refuse("a name");
  return take().text;
}

Expression Words::on_this_line(Expression of) const {
  return [of = std::move(of), line = next().line, where = where_](const Scope& s) {
    try {
      return of(s);
    } catch (const Error& e) {
      const std::string text = e.what();
      if (text.starts_with(where + ": ")) throw;
      throw Error("{}: line {}: {}", where, line, text);
    }
  };
}

void Words::refuse(const std::string& expected) const {
  using Kind = Word::Kind;
  const Word& found = next();
  const std::string shown = found.kind == Kind::end         ? "the end"
                            : found.kind == Kind::block_end ? "%}"
                            : found.kind == Kind::print_end ? "}}"
                            : found.kind == Kind::text      ? "text"
                                                            : "'" + found.text.substr(0, 40) + "'";
  throw Error("{}: line {}: expected {}, found {}", where_, found.line, expected, shown);
}

Expression parse_expression(Words& words) { return Parser(words).whole(); }

Expression parse_list(Words& words) {
  Expression first = Parser(words).either();
  if (!words.is_sign(",")) return first;
  std::vector<Expression> all = {first};
  while (words.took_sign(",")) all.push_back(Parser(words).either());
  return [all](const Scope& s) {
    Json list = Json::array();
    for (const Expression& one : all) list.push_back(one(s).json);
    return Value(list);
  };
}

}  // namespace splitwan::engine::chat
