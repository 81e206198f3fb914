#include "engine/text/normalizer.hh"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/bpe_model.hh"
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

// Of each character its own text.
using CharacterMap = void (*)(utf8proc_int32_t, std::string&);

void put(utf8proc_int32_t code, std::string& to) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(code, bytes);
  to.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

TextMap each_character(CharacterMap map) {
  return [map](const std::string& text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
      utf8proc_int32_t code = 0;
      const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                         static_cast<utf8proc_ssize_t>(text.size() - at), &code);
      if (size <= 0) break;  // never: the text is valid
      map(code, result);
      at += static_cast<std::size_t>(size);
    }
    return result;
  };
}

void lower(utf8proc_int32_t code, std::string& to) {
  if (code == 0x130) return static_cast<void>(to += "i\xCC\x87");  // the one that becomes two
  put(utf8proc_tolower(code), to);
}
void without_accents(utf8proc_int32_t code, std::string& to) {
  if (utf8proc_category(code) != UTF8PROC_CATEGORY_MN) put(code, to);
}
// Control characters go, what separates or is invisible becomes a space (SentencePiece's nmt rules).
void nmt(utf8proc_int32_t code, std::string& to) {
  const auto within = [&](int first, int last) { return code >= first && code <= last; };
  if (within(1, 8) || code == 0x0B || within(0x0E, 0x1F) || code == 0x7F || code == 0x8F || code == 0x9F)
    return;
  const bool blank = code == 9 || code == 0x0A || code == 0x0C || code == 0x0D || code == 0x1680 ||
                     within(0x200B, 0x200F) || code == 0x2028 || code == 0x2029 || code == 0x2581 ||
                     code == 0xFEFF || code == 0xFFFD;
  put(blank ? ' ' : code, to);
}

TextMap stripped(bool left, bool right) {
  const auto ends = std::make_shared<Pattern>(
      (left ? std::string(R"(\A\s+)") : "") + (left && right ? "|" : "") + (right ? R"(\s+\z)" : ""),
      "Strip");
  return [ends, some = left || right](const std::string& text) {
    std::string result;
    std::size_t at = 0;
    while (const auto match = some ? ends->find(text, at) : std::nullopt) {
      result.append(text, at, match->begin - at);
      at = match->end;
    }
    return result.append(text, at);
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
  if (type == "ByteLevel") return [](const std::string& text) { return alphabet_of_bytes(text); };
  if (type == "Lowercase") return each_character(lower);
  if (type == "StripAccents") return each_character(without_accents);
  if (type == "Nmt") return each_character(nmt);
  if (type == "Strip") return stripped(reader.get("strip_left", true), reader.get("strip_right", true));
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
