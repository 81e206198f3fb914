#include "analysis/report/sweep/axes.hh"

#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>

#include "engine/base/units.hh"

namespace splitwan::analysis {
namespace {

using Numbers = std::vector<std::optional<double>>;

// Reads `text`, or throws.
struct UnitOfAxis {
  const char* name;
  double (*read)(const std::string& text);
};
const UnitOfAxis units_of_axes[] = {
    {"", [](const std::string& t) { return finite_number(t).value(); }},
    {"share", [](const std::string& t) { return engine::parse_fraction(t); }},
    {"s", [](const std::string& t) { return static_cast<double>(engine::parse_duration(t).count()) / 1e9; }},
    {"bit/s", [](const std::string& t) { return engine::parse_rate(t); }},
    {"B", [](const std::string& t) { return static_cast<double>(engine::parse_bytes(t)); }}};

Numbers numbers_in(const std::vector<std::string>& values, const UnitOfAxis& unit) {
  Numbers numbers;
  for (const std::string& value : values) {
    try {
      numbers.emplace_back(unit.read(value));
    } catch (const std::exception&) {
      numbers.emplace_back();
    }
  }
  return numbers;
}

std::size_t known_in(const Numbers& numbers) {
  return static_cast<std::size_t>(std::ranges::count_if(numbers, [](auto& n) { return n.has_value(); }));
}

// How unlike the steps between numbers are: their standard deviation over their mean.
double unevenness(const std::vector<double>& sorted) {
  const auto n = static_cast<double>(sorted.size() - 1);
  const double mean = (sorted.back() - sorted.front()) / n;
  double squares = 0;
  for (std::size_t i = 1; i < sorted.size(); ++i) squares += std::pow(sorted[i] - sorted[i - 1] - mean, 2);
  return std::sqrt(squares / n) / mean;
}

// Of numbers in rising order. None and a few in even ratios have no scale in common: a place each.
Spacing spacing_of(const std::vector<double>& sorted) {
  if (sorted.size() < 3) return Spacing::even;
  const std::vector<double> above(std::ranges::upper_bound(sorted, 0.0), sorted.end());
  if (above.size() < 3) return Spacing::even;
  std::vector<double> logs;
  for (const double x : above) logs.push_back(std::log(x));
  if (unevenness(sorted) <= unevenness(logs) * 1.0000001) return Spacing::even;
  return above.size() == sorted.size() ? Spacing::log : Spacing::places;
}

// Numbers in rising order, words as they come first.
void arrange(SweepAxis& axis) {
  std::size_t most = 0;
  for (const UnitOfAxis& unit : units_of_axes) {
    Numbers numbers = numbers_in(axis.values, unit);
    if (const std::size_t known = known_in(numbers); known > most) {
      most = known;
      axis.numbers = std::move(numbers);
      if (axis.unit.empty()) axis.unit = unit.name;
    }
  }
  if (most < std::max<std::size_t>(2, axis.values.size() / 2)) return axis.numbers.clear(), axis.unit.clear();
  std::vector<std::size_t> order(axis.values.size()), place(axis.values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, std::less<>{},
                           [&](std::size_t i) { return axis.numbers[i].value_or(-INFINITY); });
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  const auto values = axis.values;
  const auto numbers = axis.numbers;
  std::vector<double> sorted;
  for (std::size_t i = 0; i < order.size(); ++i) {
    axis.values[i] = values[order[i]];
    axis.numbers[i] = numbers[order[i]];
    if (axis.numbers[i]) sorted.push_back(*axis.numbers[i]);
  }
  for (std::size_t& at : axis.at)
    if (at != unknown_value) at = place[at];
  if (sorted.size() == axis.values.size()) axis.spacing = spacing_of(sorted);
}

std::string unit_by_name(const std::string& column) {
  return column.ends_with("_bps") ? "bit/s" : column.ends_with("_s") ? "s" : "";
}

std::string said_in(const SweepColumn& column, std::size_t row) {
  if (!column.numeric) return column.words[row];
  return column.numbers[row] ? fmt::format("{}", *column.numbers[row]) : "";
}

SweepAxis axis_of(const SweepTable& table, const SweepColumn& column, bool implied) {
  SweepAxis axis{
      .column = column.name, .implied = implied, .unit = column.numeric ? unit_by_name(column.name) : ""};
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t row = 0; row < table.rows; ++row) {
    const std::string text = said_in(column, row);
    if (implied && table.failed[row] && text.empty()) {
      axis.at.push_back(unknown_value);
      continue;
    }
    const auto [found, fresh] = places.try_emplace(text, axis.values.size());
    if (fresh) axis.values.push_back(text);
    axis.at.push_back(found->second);
  }
  arrange(axis);
  return axis;
}

// The rows in groups of those that all axes say the same of.
class Groups {
 public:
  explicit Groups(std::size_t rows) : of_(rows, 0), count_(1) {}
  void split(const std::vector<std::size_t>& at) {
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t row = 0; row < of_.size(); ++row)
      of_[row] = places.try_emplace(fmt::format("{} {}", of_[row], at[row]), places.size()).first->second;
    count_ = places.size();
  }
  std::size_t count() const { return count_; }

 private:
  std::vector<std::size_t> of_;
  std::size_t count_;
};

const std::vector<std::string> may_tell_apart = {"drafter",     "network",   "rtt_s",  "up_bps",
                                                 "down_bps",    "loss",      "wire",   "plan.head",
                                                 "plan.middle", "plan.tail", "compute"};

}  // namespace

std::string_view name_of(Spacing spacing) {
  return spacing == Spacing::even ? "even" : spacing == Spacing::log ? "log" : "places";
}

std::vector<SweepAxis> axes_of(const SweepTable& table) {
  std::vector<SweepAxis> axes;
  Groups groups(table.rows);
  const auto add = [&](const std::string& name, bool implied) {
    const SweepColumn* column = table.find(name);
    if (!column) return;
    SweepAxis axis = axis_of(table, *column, implied);
    if (axis.values.size() < 2) return;
    Groups finer = groups;
    finer.split(axis.at);
    if (implied && finer.count() == groups.count()) return;
    groups = std::move(finer);
    axes.push_back(std::move(axis));
  };
  for (const std::string& name : table.factors) add(name, false);
  for (const std::string& name : may_tell_apart)
    if (groups.count() < table.rows && std::ranges::find(table.factors, name) == table.factors.end())
      add(name, true);
  return axes;
}

}  // namespace splitwan::analysis
