// Reads fields of a JSON object, naming the one that is wrong, what was expected and what was found. C++17:
// for the simulator's own process, which cannot use engine/base/json_file.hh. A place in its messages is
// dotted
// ("open.tcp.segment_bytes"); people's files are read there and say "file: key: ..".
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace splitwan::engine {

[[noreturn]] inline void refuse(const std::string& where, const std::string& expected,
                                const nlohmann::json& found) {
  throw std::runtime_error(where + ": expected " + expected + ", found " + found.dump());
}

inline const nlohmann::json& member(const nlohmann::json& object, const char* key, const std::string& where) {
  if (!object.is_object() || !object.contains(key))
    throw std::runtime_error(where + "." + key + " is missing");
  return object[key];
}

// An integer within [low, high]; low is never negative.
template <typename Int>
Int integer(const nlohmann::json& value, const std::string& where, Int low, Int high) {
  const bool fits = value.is_number_integer() &&
                    (value.is_number_unsigned() || value.get<std::int64_t>() >= 0) &&
                    value.get<std::uint64_t>() >= static_cast<std::uint64_t>(low) &&
                    value.get<std::uint64_t>() <= static_cast<std::uint64_t>(high);
  if (!fits) refuse(where, "an integer from " + std::to_string(low) + " to " + std::to_string(high), value);
  return value.get<Int>();
}

template <typename Int>
Int integer(const nlohmann::json& object, const char* key, const std::string& where, Int low, Int high) {
  return integer<Int>(member(object, key, where), where + "." + key, low, high);
}

// A number that `fits`, which also says no to what is not finite.
template <typename Fits>
double number(const nlohmann::json& object, const char* key, const std::string& where, const char* expected,
              Fits fits) {
  const nlohmann::json& value = member(object, key, where);
  if (!value.is_number() || !fits(value.get<double>())) refuse(where + "." + key, expected, value);
  return value.get<double>();
}

inline std::string text(const nlohmann::json& object, const char* key, const std::string& where) {
  const nlohmann::json& value = member(object, key, where);
  if (!value.is_string()) refuse(where + "." + key, "a text", value);
  return value.get<std::string>();
}

inline bool flag(const nlohmann::json& object, const char* key, const std::string& where) {
  const nlohmann::json& value = member(object, key, where);
  if (!value.is_boolean()) refuse(where + "." + key, "true or false", value);
  return value.get<bool>();
}

}  // namespace splitwan::engine
