#include "scenarios/sweep/factor.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/json_file.hh"
#include "engine/base/units.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;

// "87123456", 6 digits behind the point -> "87.123456"; zeros at the end go.
std::string with_point(std::uint64_t number, int digits) {
  std::string text = fmt::format("{:0{}}", number, digits + 1);
  if (digits == 0) return text;
  text.insert(text.size() - static_cast<std::size_t>(digits), ".");
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// Digits behind the point at which a unit still counts nanoseconds, or bits.
int digits_of(const std::string& unit) {
  static const std::pair<const char*, int> digits[] = {{"ns", 0},  {"us", 3},   {"ms", 6},   {"s", 9},
                                                       {"bit", 0}, {"kbit", 3}, {"Mbit", 6}, {"Gbit", 9}};
  const auto* row = std::ranges::find(digits, unit, [](const auto& d) { return std::string(d.first); });
  return row == std::end(digits) ? -1 : row->second;
}

}  // namespace

std::pair<FactorRange::Kind, double> FactorRange::quantity(const Json& value, const std::string& where) {
  if (value.is_number_integer()) return {Kind::whole, value.get<double>()};
  if (value.is_number()) return {Kind::number, value.get<double>()};
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    const auto unit = text.find_first_not_of("0123456789.+-eE");
    const std::string name = unit == std::string::npos ? "" : text.substr(unit);
    try {
      if (name == "%") return {Kind::percent, 100 * engine::parse_fraction(text)};
      if (name.ends_with("bit")) return {Kind::rate, engine::parse_rate(text)};
      if (name.ends_with("B")) return {Kind::bytes, static_cast<double>(engine::parse_bytes(text))};
      return {Kind::duration, static_cast<double>(engine::parse_duration(text).count())};
    } catch (const Error&) {  // said below
    }
  }
  throw Error("{}: expected a number or one with a unit, as in 20ms, 100Mbit, 64KiB or 0.5%, found {}", where,
              value.dump());
}

FactorRange::FactorRange(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  const auto [kind, from] = quantity(r.at("from"), r.path("from"));
  const auto [other, to] = quantity(r.at("to"), r.path("to"));
  const auto scale = r.get<std::string>("scale", "linear");
  r.done();
  const auto plain = [](Kind k) { return k == Kind::whole || k == Kind::number; };
  if (kind != other && !(plain(kind) && plain(other)))
    throw Error("{}: expected from and to in units of one kind, found {} and {}", where, json["from"].dump(),
                json["to"].dump());
  if (scale != "linear" && scale != "log")
    throw Error("{}: expected linear or log, found '{}'", r.path("scale"), scale);
  if (!(from < to))
    throw Error("{}: expected from below to, found {} and {}", where, json["from"].dump(), json["to"].dump());
  log_ = scale == "log";
  if (log_ && from <= 0) throw Error("{}: expected more than 0 on a log scale", r.path("from"));
  kind_ = kind == other ? kind : Kind::number;
  from_ = from;
  to_ = to;
  if (kind == Kind::duration || kind == Kind::rate) {
    const auto text = json["from"].get<std::string>();
    unit_ = text.substr(text.find_first_not_of("0123456789.+-eE"));
    if (digits_of(unit_) < 0) unit_ = "s";  // of minutes
  }
}

Json FactorRange::at(double share) const {
  const double end = kind_ == Kind::whole ? to_ + 1 : to_;  // each whole number has its share
  const double value = log_ ? from_ * std::pow(end / from_, share) : from_ + share * (end - from_);
  switch (kind_) {
    case Kind::whole:
      return static_cast<std::int64_t>(std::min(std::floor(value), to_));
    case Kind::number:
      return std::stod(fmt::format("{:.9g}", value));  // what libraries round alike
    case Kind::percent:
      return fmt::format("{:.9g}%", value);
    case Kind::bytes:
      return fmt::format("{}B", std::llround(value));
    default:
      return with_point(static_cast<std::uint64_t>(std::llround(value)), digits_of(unit_)) + unit_;
  }
}

Json Factor::at(double share) const {
  if (range) return range->at(share);
  const auto size = static_cast<double>(levels.size());
  return levels[static_cast<std::size_t>(std::min(std::floor(share * size), size - 1))];
}

}  // namespace splitwan::scenarios
