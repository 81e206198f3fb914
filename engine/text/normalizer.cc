#include "engine/text/normalizer.hh"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/pattern.hh"

namespace splitwan::engine {
namespace {

TextMap unicode_form(int options) {
  return [options](std::string text) {
    utf8proc_uint8_t* result = nullptr;
    const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &result,
                                   static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE));
    if (size < 0)
      throw Error("text of {} bytes cannot be normalized: {}", text.size(), utf8proc_errmsg(size));
    std::string normal(reinterpret_cast<const char*>(result), static_cast<std::size_t>(size));
    std::free(result);
    return normal;
  };
}

TextMap replace(const Json& description, const std::string& where) {
  ObjectReader reader(description, where);
  reader.find("type");
  auto pattern =
      std::make_shared<Pattern>(make_pattern(reader.need<Json>("pattern"), reader.path("pattern")));
  const auto content = reader.need<std::string>("content");
  reader.done();
  return [pattern, content](const std::string& text) {
    std::string result;
    std::size_t at = 0;
    while (const auto match = pattern->find(text, at)) {
      result.append(text, at, match->begin - at).append(content);
      at = match->end;
    }
    return result.append(text, at);
  };
}

TextMap sequence(const Json& description, const std::string& where) {
  ObjectReader reader(description, where);
  std::vector<TextMap> maps;
  const Json& list = reader.list("normalizers");
  for (std::size_t i = 0; i < list.size(); ++i) {
    maps.push_back(make_normalizer(list[i], fmt::format("{}.normalizers[{}]", where, i)));
  }
  return [maps](std::string text) {
    for (const TextMap& map : maps) text = map(std::move(text));
    return text;
  };
}

}  // namespace

Pattern make_pattern(const Json& description, const std::string& where) {
  ObjectReader reader(description, where);
  const bool literal = description.contains("String");
  const auto text = reader.need<std::string>(literal ? "String" : "Regex");
  reader.done();
  return literal ? Pattern::literal(text, where) : Pattern(text, where);
}

TextMap make_normalizer(const Json& description, const std::string& where) {
  if (description.is_null()) return [](std::string text) { return text; };
  ObjectReader reader(description, where);
  const auto type = reader.need<std::string>("type");
  if (type == "NFC") return unicode_form(UTF8PROC_COMPOSE);
  if (type == "NFD") return unicode_form(UTF8PROC_DECOMPOSE);
  if (type == "NFKC") return unicode_form(UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
  if (type == "NFKD") return unicode_form(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
  if (type == "Sequence") return sequence(description, where);
  if (type == "Replace") return replace(description, where);
  if (type == "Prepend") {
    return [prefix = reader.need<std::string>("prepend")](const std::string& text) {
      return text.empty() ? text : prefix + text;
    };
  }
  throw Error("{}: type '{}' is not implemented", where, type);
}

}  // namespace splitwan::engine
