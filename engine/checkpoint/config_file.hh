// Reads values out of one config.json, naming it and the key in errors.
#pragma once

#include "engine/base/json_file.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

struct ConfigFile {
  std::string path;
  Json json = read_json_file(path);

  const Json* find(const char* key) const;  // null counts as absent: Hugging Face writes both
  int integer(const char* key) const;       // positive
  int integer(const char* key, int otherwise) const { return find(key) ? integer(key) : otherwise; }
  double positive(const char* key, double otherwise) const;
  bool flag(const char* key, bool otherwise) const;
  std::vector<Token> tokens(const char* key) const;  // one id or a list of them
};

}  // namespace splitwan::engine
