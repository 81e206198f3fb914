#include "engine/base/units.hh"

#include <cctype>
#include <charconv>
#include <cmath>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// number immediately followed by one of `units`
double parse_quantity(std::string_view text, std::span<const Unit> units, std::string_view what,
                      std::string_view example) {
  double number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, text.data() + text.size() - end);
  if (status == std::errc{} && std::isfinite(number) && number >= 0) {
    for (const Unit& u : units) {
      if (u.name == unit && std::isfinite(number * u.factor)) return number * u.factor;
    }
  }
  std::string names;
  for (const Unit& u : units) names += (names.empty() ? "" : ", ") + std::string(u.name);
  throw Error("'{}' is not a {}: expected a number and one of {}, as in {}", text, what, names, example);
}

}  // namespace

Nanos parse_duration(std::string_view text) {
  constexpr Unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}};
  const double ns = parse_quantity(text, units, "duration", "80ms");
  if (ns > 1e18) throw Error("'{}' is too long a duration", text);
  return Nanos(std::llround(ns));
}

double parse_rate(std::string_view text) {
  constexpr Unit units[] = {{"bit", 1}, {"kbit", 1e3}, {"Mbit", 1e6}, {"Gbit", 1e9}};
  return parse_quantity(text, units, "rate", "100Mbit");
}

std::uint64_t parse_bytes(std::string_view text) {
  constexpr Unit units[] = {{"B", 1},       {"kB", 1e3},       {"MB", 1e6},         {"GB", 1e9},
                            {"KiB", 1024.}, {"MiB", 1048576.}, {"GiB", 1073741824.}};
  const double bytes = parse_quantity(text, units, "size", "64KiB");
  if (bytes > 9e18) throw Error("'{}' is too large a size", text);
  return static_cast<std::uint64_t>(bytes);
}

double parse_fraction(std::string_view text) {
  constexpr Unit units[] = {{"", 1}, {"%", 0.01}};
  const double value = parse_quantity(text, units, "fraction", "0.5%");
  if (value > 1) throw Error("'{}' is more than all: a fraction lies in 0 to 100%", text);
  return value;
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::vector<int> parse_integers(std::string_view text, char separator) {
  std::vector<int> numbers;
  for (const std::string& part : split_list(text, separator)) {
    const char* end = part.data() + part.size();
    const auto [stop, status] = std::from_chars(part.data(), end, numbers.emplace_back());
    if (status != std::errc{} || stop != end) return {};
  }
  return numbers;
}

}  // namespace splitwan::engine
