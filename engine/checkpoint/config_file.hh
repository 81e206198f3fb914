// Reads values out of one config.json, naming it and the key in errors, and remembers which keys were asked
// for.
#pragma once

#include <set>

#include "engine/base/json_file.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

class ConfigFile {
 public:
  explicit ConfigFile(std::string file) : path(std::move(file)), json(read_json_file(path)) {}
  ConfigFile(std::string where, Json object) : path(std::move(where)), json(std::move(object)) {}

  const std::string path;
  const Json json;

  const Json* find(const char* key) const;  // null counts as absent: Hugging Face writes both
  bool asked(const std::string& key) const { return asked_.contains(key); }
  int integer(const char* key) const;  // positive
  int integer(const char* key, int otherwise) const { return find(key) ? integer(key) : otherwise; }
  double positive(const char* key, double otherwise) const;
  bool flag(const char* key, bool otherwise) const;
  std::string text(const char* key, const char* otherwise) const;
  std::vector<Token> tokens(const char* key) const;  // one id or a list of them

 private:
  mutable std::set<std::string> asked_;
};

}  // namespace splitwan::engine
