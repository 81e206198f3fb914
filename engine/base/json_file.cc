#include "engine/base/json_file.hh"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/error.hh"
#include "engine/base/nearest.hh"

namespace splitwan::engine {

std::string read_text_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (std::filesystem::is_directory(path))
    throw Error("{}: cannot be opened: expected a file, found a folder", path);
  if (!in) throw Error("{}: cannot be opened", path);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool nests_too_deeply(std::string_view text, int deepest) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      while (++i < text.size() && text[i] != '"') i += text[i] == '\\';
    } else if (c == '/') {  // a comment may hold a quotation mark
      const bool block = text.substr(i, 2) == "/*";
      i = block ? text.find("*/", i + 2) : text.find('\n', i);
      if (i == text.npos) return false;
    } else if (c == '[' || c == '{') {
      if (++depth > deepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

ObjectReader::ObjectReader(const Json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object()) throw Error("{}: expected an object, found {}", where_, object.type_name());
}

const Json* ObjectReader::find(const std::string& key) {
  asked_.push_back(key);
  const auto it = object_.find(key);
  return it == object_.end() ? nullptr : &*it;
}

double ObjectReader::number(const std::string& key, double least, double most) {
  const auto value = need<double>(key);
  if (value >= least && value <= most) return value;
  throw Error("{}: expected {} to {}, found {}", path(key), least, most, value);
}

const Json& ObjectReader::at(const std::string& key) {
  const Json* value = find(key);
  if (!value) missing(key);
  return *value;
}

const Json& ObjectReader::list(const std::string& key) {
  const Json& value = at(key);
  if (!value.is_array()) throw Error("{}: expected a list, found {}", path(key), value.type_name());
  return value;
}

std::string ObjectReader::path(const std::string& key) const { return where_ + ": " + key; }

void ObjectReader::done() const {
  for (const auto& [key, value] : object_.items()) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    const std::string near = nearest(key, asked_);
    if (near.empty()) throw Error("{}: unknown key '{}'", where_, key);
    throw Error("{}: unknown key '{}'; did you mean '{}'?", where_, key, near);
  }
}

void ObjectReader::missing(const std::string& key) const {
  throw Error("{}: key '{}' is missing", where_, key);
}

void ObjectReader::not_whole(const std::string& key, const Json& value, bool negative_too,
                             std::uint64_t most) const {
  const bool too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > most;
  wrong_type(key,
             too_large      ? fmt::format("a whole number up to {}", most).c_str()
             : negative_too ? "a whole number"
                            : "a whole number, 0 or above",
             value);
}

void ObjectReader::wrong_type(const std::string& key, const char* expected, const Json& value) const {
  throw Error("{}: key '{}': expected {}, found {}", where_, key, expected, value.dump().substr(0, 60));
}

}  // namespace splitwan::engine
