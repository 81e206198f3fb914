#include "scenarios/imports/tc_units.hh"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <span>
#include <sstream>

#include "engine/base/error.hh"
#include "scenarios/imports/lines.hh"

namespace splitwan::scenarios {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

bool is_unit(std::string word) {
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::string_view units[] = {"%",    "ns",   "us",    "ms",    "s",    "usec", "msec",
                                        "sec",  "secs", "msecs", "usecs", "bit",  "kbit", "mbit",
                                        "gbit", "bps",  "kbps",  "mbps",  "gbps", "kb",   "mb"};
  return std::ranges::find(units, word) != std::end(units);
}

double quantity(std::string_view word, std::span<const Unit> units, const std::string& where,
                std::string_view expected) {
  double number = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (status == std::errc{} && std::isfinite(number) && !std::signbit(number)) {
    std::string unit(end, word.data() + word.size());
    for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const Unit& u : units)
      if (u.name == unit) return number * u.factor;
  }
  throw engine::Error("{}: expected {}, found {}", where, expected, in_quotes(word));
}

}  // namespace

netsim::LinkTime tc_time(const std::string& word, const std::string& where) {
  constexpr Unit units[] = {{"", 1e3},     {"us", 1e3},    {"usec", 1e3}, {"usecs", 1e3}, {"ms", 1e6},
                            {"msec", 1e6}, {"msecs", 1e6}, {"s", 1e9},    {"sec", 1e9},   {"secs", 1e9},
                            {"ns", 1},     {"nsec", 1},    {"nsecs", 1}};
  const double ns = quantity(word, units, where, "a time such as 80ms (us, ms, s; a bare number counts us)");
  if (ns > 3.6e12) throw engine::Error("{}: expected at most an hour, found {}", where, in_quotes(word));
  return netsim::LinkTime(std::llround(ns));
}

double tc_rate(const std::string& word, const std::string& where) {
  constexpr double kib = 1024, mib = kib * kib, gib = mib * kib, tib = gib * kib;
  constexpr Unit units[] = {{"", 1},
                            {"bit", 1},
                            {"kbit", 1e3},
                            {"mbit", 1e6},
                            {"gbit", 1e9},
                            {"tbit", 1e12},
                            {"kibit", kib},
                            {"mibit", mib},
                            {"gibit", gib},
                            {"tibit", tib},
                            {"bps", 8},
                            {"kbps", 8e3},
                            {"mbps", 8e6},
                            {"gbps", 8e9},
                            {"tbps", 8e12},
                            {"kibps", 8 * kib},
                            {"mibps", 8 * mib},
                            {"gibps", 8 * gib},
                            {"tibps", 8 * tib}};
  const double rate =
      quantity(word, units, where, "a rate such as 100mbit (bit, kbit, mbit, gbit; bps are bytes)");
  if (rate < 1 || rate > 1e15)
    throw engine::Error("{}: expected a rate from 1 bit/s to 1e15 bit/s, found {}", where, in_quotes(word));
  return rate;
}

double tc_percent(const std::string& word, const std::string& where) {
  constexpr Unit units[] = {{"", 0.01}, {"%", 0.01}};
  constexpr std::string_view expected = "a percentage from 0% to 100%, as 0.5%";
  const double fraction = quantity(word, units, where, expected);
  if (fraction > 1) throw engine::Error("{}: expected {}, found {}", where, expected, in_quotes(word));
  return fraction;
}

double tc_size(const std::string& word, const std::string& where) {
  constexpr double k = 1024, m = k * k, g = m * k;
  constexpr Unit units[] = {{"", 1},  {"b", 1},  {"k", k},        {"kb", k},       {"m", m},       {"mb", m},
                            {"g", g}, {"gb", g}, {"kbit", k / 8}, {"mbit", m / 8}, {"gbit", g / 8}};
  const double size = quantity(word, units, where, "a number such as 1000 or 64kb");
  if (size > 1e12) throw engine::Error("{}: expected at most 1e12, found {}", where, in_quotes(word));
  return size;
}

TcWords::TcWords(std::string_view line) {
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) {
    // "100 Mbit" is one quantity, and 100 alone would be bits.
    const bool number =
        !words_.empty() && words_.back().find_first_not_of("0123456789.") == std::string::npos;
    if (number && is_unit(word))
      words_.back() += word;
    else
      words_.push_back(word);
  }
}

bool TcWords::take(std::string_view word) {
  if (empty() || words_[at_] != word) return false;
  ++at_;
  return true;
}

std::string TcWords::next(const std::string& where, std::string_view expected) {
  if (empty()) throw engine::Error("{}: expected {}, found nothing", where, expected);
  return words_[at_++];
}

bool TcWords::number_follows() const {
  return !empty() && (std::isdigit(static_cast<unsigned char>(words_[at_][0])) || words_[at_][0] == '.');
}

}  // namespace splitwan::scenarios
