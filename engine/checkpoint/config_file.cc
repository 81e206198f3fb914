#include "engine/checkpoint/config_file.hh"

#include <utility>

#include "engine/base/error.hh"

namespace splitwan::engine {

const Json* ConfigFile::find(const char* key) const {
  asked_.insert(key);
  const auto it = json.find(key);
  return it == json.end() || it->is_null() ? nullptr : &*it;
}

int ConfigFile::integer(const char* key) const {
  const Json* value = find(key);
  if (!value) throw Error("{}: key '{}' is missing", path, key);
  if (!value->is_number_integer() || *value < 1 || *value > 1'000'000'000) {
    throw Error("{}: key '{}': expected a positive integer, found {}", path, key, value->dump());
  }
  return *value;
}

double ConfigFile::positive(const char* key, double otherwise) const {
  const Json* value = find(key);
  if (!value) return otherwise;
  if (!value->is_number() || !(value->get<double>() > 0)) {
    throw Error("{}: key '{}': expected a positive number, found {}", path, key, value->dump());
  }
  return *value;
}

bool ConfigFile::flag(const char* key, bool otherwise) const {
  const Json* value = find(key);
  if (!value) return otherwise;
  if (!value->is_boolean())
    throw Error("{}: key '{}': expected true or false, found {}", path, key, value->dump());
  return *value;
}

std::string ConfigFile::text(const char* key, const char* otherwise) const {
  const Json* value = find(key);
  if (!value) return otherwise;
  if (!value->is_string()) throw Error("{}: key '{}': expected a text, found {}", path, key, value->dump());
  return *value;
}

std::vector<Token> ConfigFile::tokens(const char* key) const {
  const Json* value = find(key);
  if (!value) return {};
  std::vector<Token> ids;
  for (const Json& id : value->is_array() ? *value : Json::array({*value})) {
    if (!id.is_number_unsigned() || !std::in_range<Token>(id.get<std::uint64_t>())) {
      throw Error("{}: key '{}': expected a token id or a list of them, found {}", path, key, value->dump());
    }
    ids.push_back(id);
  }
  return ids;
}

}  // namespace splitwan::engine
