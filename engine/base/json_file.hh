// Reading JSON strictly. C++17: the simulator's own process reads with it too.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/base/error.hh"
#include "engine/base/json.hh"

namespace splitwan::engine {

// Throws Error naming the file when it cannot be opened.
std::string read_text_file(const std::string& path);

// Throws Error where a file's content is what Git LFS leaves in its place.
void refuse_lfs_pointer(const std::string& path, std::string_view content);

// The parser needs no stack for nested values, but copying and printing them does.
bool nests_too_deeply(std::string_view json, int deepest = 100);

// Parses with // comments allowed. Throws Error naming the file (and the byte) when absent or malformed.
template <typename AnyJson>
AnyJson read_json_file_as(const std::string& path) {
  const std::string text = read_text_file(path);
  refuse_lfs_pointer(path, text);
  if (nests_too_deeply(text)) throw Error("{}: not valid here: JSON nested over 100 deep", path);
  try {
    return AnyJson::parse(text, nullptr, true, /*ignore_comments=*/true);
  } catch (const typename AnyJson::parse_error& e) {
    throw Error("{}: not valid JSON at byte {}", path, e.byte);
  } catch (const typename AnyJson::exception&) {
    throw Error("{}: holds a number out of range", path);
  }
}
inline Json read_json_file(const std::string& path) { return read_json_file_as<Json>(path); }

// Walks a JSON object key by key. Every key must be asked for: done() throws Error naming an unknown key,
// where it stands ("scenario.json: network") and the nearest known one.
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
  double number(const std::string& key, double least, double most);  // must be there, bounds included
  template <typename Int>
  Int whole(const std::string& key, Int least, Int most) {  // likewise
    const auto value = need<Int>(key);
    if (value < least || value > most)
      throw Error("{}: expected a whole number from {} to {}, found {}", path(key), least, most, value);
    return value;
  }
  const Json& at(const std::string& key);    // must be there, of any type
  const Json& list(const std::string& key);  // must be there
  ObjectReader child(const std::string& key) { return {at(key), path(key)}; }
  const std::string& where() const { return where_; }
  std::string path(const std::string& key) const;  // "scenario.json: network: rtt"
  void done() const;

 private:
  // Exactly what is asked for: the library would round 2.7 to 2, take true for 1 and wrap large numbers.
  template <typename T>
  T as(const Json& value, const std::string& key) const {
    if constexpr (std::is_same_v<T, Json>) {
      return value;
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!value.is_boolean()) wrong_type(key, "true or false", value);
      return value.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
      if (!fits<T>(value)) not_whole(key, value, std::is_signed_v<T>, std::numeric_limits<T>::max());
      return value.get<T>();
    } else if constexpr (std::is_floating_point_v<T>) {
      if (!value.is_number()) wrong_type(key, "a number", value);
      return value.get<T>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!value.is_string()) wrong_type(key, "a text", value);
      return value.get<std::string>();
    } else {  // a list
      if (!value.is_array()) wrong_type(key, "a list", value);
      T list;
      for (const Json& item : value) list.push_back(as<typename T::value_type>(item, key));
      return list;
    }
  }
  template <typename Int>
  static bool fits(const Json& value) {
    using Limits = std::numeric_limits<Int>;
    if (value.is_number_unsigned())
      return value.get<std::uint64_t>() <= static_cast<std::uint64_t>(Limits::max());
    if (!value.is_number_integer()) return false;
    const auto number = value.get<std::int64_t>();
    if (number >= 0) return static_cast<std::uint64_t>(number) <= static_cast<std::uint64_t>(Limits::max());
    return std::is_signed_v<Int> && number >= static_cast<std::int64_t>(Limits::min());
  }
  [[noreturn]] void missing(const std::string& key) const;
  [[noreturn]] void not_whole(const std::string& key, const Json& value, bool negative_too,
                              std::uint64_t most) const;
  [[noreturn]] void wrong_type(const std::string& key, const char* expected, const Json& value) const;
  const Json& object_;
  std::string where_;
  std::vector<std::string> asked_;
};

}  // namespace splitwan::engine
