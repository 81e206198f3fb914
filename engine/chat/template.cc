#include "engine/chat/template.hh"

#include <ctime>

#include "engine/chat/expression.hh"

namespace splitwan::engine::chat {
namespace {

using Kind = Word::Kind;

constexpr std::size_t most_steps = 2'000'000, most_text = 64 << 20;  // of a rendering

enum class Flow : std::uint8_t { on, next, out };  // how a statement ends: continue, break

// One rendering.
struct Page {
  std::string text;
  std::size_t steps = 0;
  void count() {
    if (++steps > most_steps) throw Error("a template of over {} steps", most_steps);
    if (text.size() > most_text) throw Error("a template's text of over {} bytes", most_text);
  }
};

using Statement = std::function<Flow(Scope&, Page&)>;
using Statements = std::vector<Statement>;

Flow run(const Statements& all, Scope& scope, Page& page) {
  for (const Statement& one : all) {
    page.count();
    if (const Flow flow = one(scope, page); flow != Flow::on) return flow;
  }
  return Flow::on;
}

struct Parameter {
  std::string name;
  Expression otherwise;  // none: must be given
};

class StatementParser {
 public:
  explicit StatementParser(Words& words) : w_(words) {}

  // Until a block of one of these names, which is left at its name's end.
  Statements until(std::initializer_list<const char*> ends, std::string* which = nullptr) {
    if (++depth_ > 60) w_.refuse("less nesting");
    Statements all;
    while (true) {
      const Word word = w_.next();
      if (word.kind == Kind::end) {
        if (ends.size() == 0) break;
        w_.refuse(std::string("'") + *ends.begin() + "'");
      }
      w_.take();
      if (word.kind == Kind::text) {
        all.push_back([text = word.text](Scope&, Page& page) { return page.text += text, Flow::on; });
      } else if (word.kind == Kind::print_begin) {
        const Expression value = w_.on_this_line(parse_expression(w_));
        if (w_.next().kind != Kind::print_end) w_.refuse("'}}'");
        w_.take();
        all.push_back([value](Scope& s, Page& page) { return page.text += text_of(value(s)), Flow::on; });
      } else {
        const std::string name = w_.expect_name();
        for (const char* end : ends) {
          if (name != end) continue;
          if (which) *which = name;
          --depth_;
          return all;
        }
        all.push_back(block(name));
      }
    }
    --depth_;
    return all;
  }

 private:
  void close() {
    if (w_.next().kind != Kind::block_end) w_.refuse("'%}'");
    w_.take();
  }

  Statement block(const std::string& name) {
    if (name == "if") return condition();
    if (name == "for") return loop();
    if (name == "set") return assignment();
    if (name == "macro") return macro();
    if (name == "break" || name == "continue") {
      close();
      return [flow = name == "break" ? Flow::out : Flow::next](Scope&, Page&) { return flow; };
    }
    if (name == "generation") {  // marks what an assistant said, for training
      close();
      Statements inner = until({"endgeneration"});
      close();
      return [inner](Scope& s, Page& page) { return run(inner, s, page); };
    }
    throw Error("{}: line {}: '{}' is not implemented (expected if, for, set, macro, break, continue, raw)",
                w_.where(), w_.next().line, name);
  }

  Statement condition() {
    std::vector<std::pair<Expression, Statements>> branches;
    Statements otherwise;
    std::string end = "elif";
    while (end == "elif") {
      const Expression when = w_.on_this_line(parse_expression(w_));
      close();
      branches.emplace_back(when, until({"endif", "elif", "else"}, &end));
    }
    close_after(end, otherwise, "endif");
    return [branches, otherwise](Scope& s, Page& page) {
      for (const auto& [when, then] : branches)
        if (is_true(when(s))) return run(then, s, page);
      return run(otherwise, s, page);
    };
  }

  void close_after(const std::string& end, Statements& otherwise, const char* last) {
    close();
    if (end != "else") return;
    otherwise = until({last});
    close();
  }

  std::vector<std::string> names() {
    const bool bracket = w_.took_sign("(");
    std::vector<std::string> all = {w_.expect_name()};
    while (w_.took_sign(",")) all.push_back(w_.expect_name());
    if (bracket) w_.expect_sign(")");
    return all;
  }

  static void give(Scope& scope, const std::vector<std::string>& names, const Value& value) {
    if (names.size() == 1) {
      scope.own[names[0]] = value;
      return;
    }
    if (!value.json.is_array() || value.json.size() != names.size())
      throw Error("expected {} values for {}, found {}", names.size(), fmt::join(names, ", "),
                  text_of(value));
    for (std::size_t i = 0; i < names.size(); ++i) scope.own[names[i]] = value.json[i];
  }

  // Its names, and what is set within it, go with each turn.
  Statement loop() {
    const std::vector<std::string> each = names();
    if (!w_.took_name("in")) w_.refuse("'in'");
    const Expression over = w_.on_this_line(parse_list(w_));
    Expression only;
    if (w_.took_name("if")) only = w_.on_this_line(parse_expression(w_));
    if (w_.is_name("recursive")) w_.refuse("a loop that is not recursive");
    close();
    std::string end;
    const Statements body = until({"endfor", "else"}, &end);
    Statements otherwise;
    close_after(end, otherwise, "endfor");
    const Expression listed = w_.on_this_line([over](const Scope& s) {
      const Value v = over(s);
      if (v.is_undefined()) throw Error("'{}' is undefined", v.undefined);
      return filtered("list", v, {}, {});
    });
    return [=](Scope& s, Page& page) {
      std::vector<Value> turns;
      for (const Json& one : listed(s).json) {
        page.count();
        Scope inner(&s);
        give(inner, each, one);
        if (!only || is_true(only(inner))) turns.emplace_back(one);
      }
      if (turns.empty()) return run(otherwise, s, page);
      for (std::size_t i = 0; i < turns.size(); ++i) {
        page.count();
        Scope inner(&s);
        give(inner, each, turns[i]);
        Json about = {{"index", i + 1},
                      {"index0", i},
                      {"first", i == 0},
                      {"last", i + 1 == turns.size()},
                      {"length", turns.size()},
                      {"revindex", turns.size() - i},
                      {"revindex0", turns.size() - i - 1}};
        if (i > 0) about["previtem"] = turns[i - 1].json;
        if (i + 1 < turns.size()) about["nextitem"] = turns[i + 1].json;
        inner.own["loop"] = about;
        if (run(body, inner, page) == Flow::out) break;
      }
      return Flow::on;
    };
  }

  Statement assignment() {
    std::vector<std::string> to = {w_.expect_name()};
    std::string field;
    if (w_.took_sign(".")) field = w_.expect_name();
    while (field.empty() && w_.took_sign(",")) to.push_back(w_.expect_name());
    Expression value;
    if (w_.took_sign("=")) {
      value = w_.on_this_line(comma_list());
      close();
    } else {  // what stands until endset is the value
      if (!field.empty() || to.size() != 1) w_.refuse("'='");
      close();
      const Statements inner = until({"endset"});
      close();
      return [to, inner](Scope& s, Page& page) {
        const std::string before = std::exchange(page.text, "");
        Scope own(&s);
        const Flow flow = run(inner, own, page);
        s.own[to[0]] = Json(std::exchange(page.text, before));
        return flow;
      };
    }
    const std::string where = w_.where();
    return [=](Scope& s, Page&) {
      const Value v = value(s);
      if (field.empty()) {
        give(s, to, v);
        return Flow::on;
      }
      const Value space = s.look_up(to[0]);
      if (!space.space) throw Error("{}: set {}.{}: expected a namespace()", where, to[0], field);
      (*space.space)[field] = v.json;
      return Flow::on;
    };
  }

  Expression comma_list() {
    const Expression first = parse_expression(w_);
    if (!w_.is_sign(",")) return first;
    std::vector<Expression> all = {first};
    while (w_.took_sign(",")) all.push_back(parse_expression(w_));
    return [all](const Scope& s) {
      Json list = Json::array();
      for (const Expression& one : all) list.push_back(one(s).json);
      return Value(list);
    };
  }

  Statement macro() {
    const std::string name = w_.expect_name();
    std::vector<Parameter> takes;
    w_.expect_sign("(");
    while (!w_.took_sign(")")) {
      takes.push_back({w_.expect_name(), {}});
      if (w_.took_sign("=")) takes.back().otherwise = parse_expression(w_);
      if (!w_.took_sign(",") && !w_.is_sign(")")) w_.refuse("',' or ')'");
    }
    close();
    const auto body = std::make_shared<const Statements>(until({"endmacro"}));
    close();
    return [=](Scope& s, Page& page) {
      const Scope* around = &s;
      while (around->outer) around = around->outer;  // a macro sees what stands at the template's own level
      s.own[name] = Value::callable([=, &page](std::vector<Value> given, const auto& named) {
        Scope own(around);
        if (given.size() > takes.size())
          throw Error("{}: takes {} values, found {}", name, takes.size(), given.size());
        for (std::size_t i = 0; i < takes.size(); ++i) {
          Value value = Value::missing(takes[i].name);
          if (i < given.size())
            value = given[i];
          else if (takes[i].otherwise)
            value = takes[i].otherwise(own);
          for (const auto& [n, v] : named)
            if (n == takes[i].name) value = v;
          own.own[takes[i].name] = value;
        }
        static thread_local int depth = 0;
        if (depth > 60) throw Error("{}: macros within macros, over 60 deep", name);
        ++depth;
        const std::string before = std::exchange(page.text, "");
        try {
          run(*body, own, page);
        } catch (...) {
          --depth;
          throw;
        }
        --depth;
        return Value(Json(std::exchange(page.text, before)));
      });
      return Flow::on;
    };
  }

  Words& w_;
  int depth_ = 0;
};

Value range(const std::vector<Value>& a) {
  std::int64_t numbers[3] = {0, 0, 1};
  for (std::size_t i = 0; i < a.size() && i < 3; ++i) {
    if (!a[i].json.is_number_integer()) throw Error("range: expected whole numbers, found {}", text_of(a[i]));
    numbers[i] = a[i].json.get<std::int64_t>();
  }
  if (a.size() == 1) std::swap(numbers[0], numbers[1]);
  if (numbers[2] == 0 || a.empty()) throw Error("range: expected an end, and a step that is not 0");
  Json all = Json::array();
  for (std::int64_t i = numbers[0]; numbers[2] > 0 ? i < numbers[1] : i > numbers[1]; i += numbers[2]) {
    if (all.size() > 100'000) throw Error("range: over 100000 numbers");
    all.push_back(i);
  }
  return all;
}

// What transformers gives each template.
void add_functions(Scope& scope, const std::string& where) {
  scope.own["raise_exception"] = Value::callable([where](const std::vector<Value>& a, const auto&) -> Value {
    throw Error("{}: the template says: {}", where, a.empty() ? "" : text_of(a[0]));
  });
  scope.own["range"] = Value::callable([](const std::vector<Value>& a, const auto&) { return range(a); });
  scope.own["namespace"] = Value::callable([](const std::vector<Value>& a, const auto& named) {
    Value v;
    v.space = std::make_shared<Json>(!a.empty() && a[0].json.is_object() ? a[0].json : Json::object());
    for (const auto& [name, value] : named) (*v.space)[name] = value.json;
    return v;
  });
  scope.own["dict"] = Value::callable([](const std::vector<Value>& a, const auto& named) {
    Json object = !a.empty() && a[0].json.is_object() ? a[0].json : Json::object();
    for (const auto& [name, value] : named) object[name] = value.json;
    return Value(object);
  });
  scope.own["strftime_now"] = Value::callable([](const std::vector<Value>& a, const auto&) {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    char text[200];
    const std::size_t size =
        std::strftime(text, sizeof text, a.empty() ? "%c" : text_of(a[0]).c_str(), &local);
    return Value(Json(std::string(text, size)));
  });
}

}  // namespace

struct Template::Body {
  std::function<std::string(const Json&)> render;
};

Template::Template(const std::string& source, std::string where) : body_(std::make_unique<Body>()) {
  Words words(words_of(source, where), where);
  body_->render = [where, statements = StatementParser(words).until({})](const Json& given) {
    Scope scope;
    add_functions(scope, where);
    for (const auto& [name, value] : given.items()) scope.own[name] = value;
    Page page;
    try {
      run(statements, scope, page);
    } catch (const Error& e) {
      const std::string text = e.what();
      if (text.starts_with(where + ": ")) throw;
      throw Error("{}: {}", where, text);
    }
    return page.text;
  };
}
Template::~Template() = default;
Template::Template(Template&&) noexcept = default;

std::string Template::render(const Json& given) const { return body_->render(given); }

}  // namespace splitwan::engine::chat
