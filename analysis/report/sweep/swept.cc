#include "analysis/report/sweep/swept.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "analysis/report/sweep/front.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

constexpr std::size_t most_best = 30;  // values of an axis whose best rows are listed

Json number_or_null(const std::optional<double>& number) { return number ? Json(*number) : Json(); }

Json place_of_row(const Sweep& sweep, std::size_t row) {
  Json place = Json::object();
  for (const SweepAxis& axis : sweep.axes)
    place[axis.column] = axis.at[row] == unknown_value ? Json() : Json(axis.values[axis.at[row]]);
  return place;
}

Json axes_told(const Sweep& sweep) {
  Json list = Json::array();
  for (const SweepAxis& axis : sweep.axes) {
    Json numbers = axis.numbers.empty() ? Json() : Json::array();
    for (const auto& number : axis.numbers) numbers.push_back(number_or_null(number));
    list.push_back({{"column", axis.column},
                    {"implied", axis.implied},
                    {"unit", axis.unit},
                    {"spacing", name_of(axis.spacing)},
                    {"values", axis.values},
                    {"numbers", std::move(numbers)}});
  }
  return list;
}

Json quantities_told(const Sweep& sweep) {
  Json list = Json::array();
  for (const Quantity& q : sweep.quantities)
    list.push_back({{"column", q.column},
                    {"title", q.title},
                    {"unit", q.unit},
                    {"higher_is_better", q.higher_is_better}});
  return list;
}

// What every row that ran says alike.
Json constants_of(const SweepTable& table) {
  Json constants = Json::object();
  for (const SweepColumn& column : table.columns) {
    if (column.numeric) continue;
    std::set<std::string> said;
    for (std::size_t row = 0; row < table.rows && said.size() < 2; ++row)
      if (!table.failed[row]) said.insert(column.words[row]);
    if (said.size() == 1 && !said.begin()->empty()) constants[column.name] = *said.begin();
  }
  return constants;
}

Json failures_of(const Sweep& sweep) {
  const SweepTable& table = sweep.table;
  Json list = Json::array();
  for (std::size_t row = 0; row < table.rows; ++row)
    if (table.failed[row])
      list.push_back(
          {{"cell", table.cells[row]}, {"at", place_of_row(sweep, row)}, {"reason", table.reasons[row]}});
  return list;
}

// "17 (network.rtt 160ms, split.head 2)"
std::string name_of_failure(const Json& failure) {
  std::vector<std::string> words;
  for (const auto& [axis, value] : failure["at"].items())
    if (value.is_string()) words.push_back(fmt::format("{} {}", axis, value.get<std::string>()));
  return fmt::format("{} ({})", failure["cell"].get<std::string>(), fmt::join(words, ", "));
}

const Quantity* speed_or_first(const Sweep& sweep) {
  const auto speed = std::ranges::find(sweep.quantities, "tokens_per_s", &Quantity::column);
  if (speed != sweep.quantities.end()) return &*speed;
  return sweep.quantities.empty() ? nullptr : &sweep.quantities[0];
}

bool beats(const Quantity& q, double value, double other) {
  return q.higher_is_better ? value > other : value < other;
}

// Of each value of each axis the row that is best there.
Json best_rows(const Sweep& sweep) {
  const Quantity* q = speed_or_first(sweep);
  Json rows = Json::array();
  if (!q) return {};
  for (const SweepAxis& axis : sweep.axes) {
    if (axis.values.size() > most_best) continue;
    std::vector<std::size_t> best(axis.values.size(), unknown_value);
    for (std::size_t row = 0; row < sweep.table.rows; ++row) {
      if (!q->values[row] || axis.at[row] == unknown_value) continue;
      std::size_t& there = best[axis.at[row]];
      if (there == unknown_value || beats(*q, *q->values[row], *q->values[there])) there = row;
    }
    for (std::size_t i = 0; i < best.size(); ++i)
      if (best[i] != unknown_value)
        rows.push_back({{"axis", axis.column},
                        {"value", axis.values[i]},
                        {"cell", sweep.table.cells[best[i]]},
                        {"at", place_of_row(sweep, best[i])},
                        {q->column, *q->values[best[i]]}});
  }
  return {{"quantity", q->column}, {"rows", std::move(rows)}};
}

Json front_told(const Sweep& sweep) {
  const auto choice = usual_front(sweep.axes, sweep.quantities);
  if (!choice) return {};
  const auto side = [](const Quantity& q) {
    return Json{{"column", q.column}, {"title", q.title}, {"higher_is_better", q.higher_is_better}};
  };
  Quantity x = choice->x;
  for (std::size_t row = 0; row < sweep.table.rows; ++row)
    if (sweep.table.failed[row]) x.values[row].reset();
  Json members = Json::array();
  for (const std::size_t row : front_of(x, choice->y))
    members.push_back({{"cell", sweep.table.cells[row]},
                       {"at", place_of_row(sweep, row)},
                       {"x", *x.values[row]},
                       {"y", *choice->y.values[row]}});
  return {{"x", side(x)}, {"y", side(choice->y)}, {"members", std::move(members)}};
}

// Rows that ran, at a place where another did.
std::size_t repeated(const Sweep& sweep) {
  std::set<std::vector<std::size_t>> places;
  std::size_t ran = 0;
  for (std::size_t row = 0; row < sweep.table.rows; ++row) {
    if (sweep.table.failed[row]) continue;
    std::vector<std::size_t> place;
    for (const SweepAxis& axis : sweep.axes) place.push_back(axis.at[row]);
    places.insert(std::move(place));
    ++ran;
  }
  return ran - places.size();
}

Json remarks_of(const Sweep& sweep, std::size_t cells, const Json& failures) {
  Json said = Json::array();
  std::vector<std::string> axes, implied;
  for (const SweepAxis& axis : sweep.axes) {
    axes.push_back(fmt::format("{} ({} values)", axis.column, axis.values.size()));
    if (axis.implied) implied.push_back(axis.column);
  }
  said.push_back(axes.empty() ? "Nothing varies: every row has one place."
                              : fmt::format("Varied: {}.", fmt::join(axes, ", ")));
  if (!implied.empty())
    said.push_back(
        fmt::format("The design does not set {}: rows of one cell differ in it.", fmt::join(implied, ", ")));
  if (const std::size_t more = repeated(sweep); more > 0)
    said.push_back(
        fmt::format("{} rows share all of these with another row: means are shown of such.", more));
  std::vector<std::string> names;
  for (const Json& failure : failures)
    if (names.size() < 3) names.push_back(name_of_failure(failure));
  if (!failures.empty())
    said.push_back(fmt::format("{} of {} cells failed, drawn as holes: {}{}.", failures.size(), cells,
                               fmt::join(names, "; "), failures.size() > names.size() ? "; .." : ""));
  return said;
}

}  // namespace

Sweep arranged(SweepTable table) {
  Sweep sweep{std::move(table), {}, {}};
  sweep.axes = axes_of(sweep.table);
  sweep.quantities = quantities_of(sweep.table, sweep.axes);
  for (Quantity& q : sweep.quantities)
    for (std::size_t row = 0; row < sweep.table.rows; ++row)
      if (sweep.table.failed[row]) q.values[row].reset();
  return sweep;
}

Json swept_data(const Sweep& sweep) {
  const SweepTable& table = sweep.table;
  const std::size_t cells = std::set<std::string>(table.cells.begin(), table.cells.end()).size();
  const Json failures = failures_of(sweep);
  return {{"schema_version", 1},
          {"kind", "sweep"},
          {"heading", "Every cell of the sweep"},
          {"title", "A language model split over many networks"},
          {"about", fmt::format("{}: {} rows of {} cells, {} of them failed.",
                                std::filesystem::path(table.path).filename().string(), table.rows, cells,
                                failures.size())},
          {"remarks", remarks_of(sweep, cells, failures)},
          {"rows", table.rows},
          {"cells", cells},
          {"failed", failures.size()},
          {"axes", axes_told(sweep)},
          {"quantities", quantities_told(sweep)},
          {"constants", constants_of(table)},
          {"failures", failures},
          {"best", best_rows(sweep)},
          {"front", front_told(sweep)}};
}

}  // namespace splitwan::analysis
