// Reading JSON strictly and writing files whole.
#pragma once

#include <string>

#include "engine/trace.hh"

namespace splitwan::engine {

// Parses with // comments allowed. Throws Error naming the file (and the byte) when absent or malformed.
Json read_json_file(const std::string& path);

// Walks a JSON object key by key. Every key must be asked for: done() throws Error naming an unknown key,
// where it stands ("network.rtt") and the nearest known one.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string where);  // throws when it is not an object
  const Json* find(const std::string& key);             // nullptr when absent
  template <typename T>
  T get(const std::string& key, T otherwise) {
    const Json* value = find(key);
    return value ? as<T>(*value, key) : otherwise;
  }
  template <typename T>
  T need(const std::string& key) {
    const Json* value = find(key);
    if (!value) missing(key);
    return as<T>(*value, key);
  }
  std::string path(const std::string& key) const;  // "network.rtt"
  void done() const;

 private:
  template <typename T>
  T as(const Json& value, const std::string& key) const {
    try {
      return value.get<T>();
    } catch (const nlohmann::json::exception&) {
      wrong_type(key, value);
    }
  }
  [[noreturn]] void missing(const std::string& key) const;
  [[noreturn]] void wrong_type(const std::string& key, const Json& value) const;
  const Json& object_;
  std::string where_;
  std::vector<std::string> asked_;
};

// Writes `text` to a temporary file beside `path` and renames it: the file appears whole or not at all.
// "-" writes to stdout.
void write_file(const std::string& path, std::string_view text);

}  // namespace splitwan::engine
