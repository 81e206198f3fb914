#include "analysis/gate/verdict.hh"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace splitwan::analysis {
namespace {

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json to_json(const Measured& m) {
  return {{"ours", m.ours},
          {"theirs", m.theirs},
          {"ratio", number(m.ratio)},
          {"ratio_ci", {number(m.ratio_low), number(m.ratio_high)}},
          {"p", number(m.p)},
          {"p_holm", number(m.p_holm)},
          {"smallest_seen", number(m.smallest_seen)},
          {"needed", m.needed ? Json(*m.needed) : Json()}};
}

}  // namespace

std::string_view name_of(Verdict v) {
  static constexpr std::string_view names[] = {"pass", "improved", "regressed", "inconclusive"};
  return names[static_cast<std::size_t>(v)];
}

double change_of(const GateRow& row) {
  if (row.current == row.baseline) return 0;
  if (row.baseline == 0) return std::numeric_limits<double>::quiet_NaN();
  return (row.current - row.baseline) / std::abs(row.baseline);
}

Json to_json(const GateResult& result) {
  Json cells = Json::array();
  for (const GateRow& row : result.rows) {
    Json cell = {{"scenario", row.scenario},
                 {"cell", row.cell},
                 {"metric", row.metric},
                 {"unit", row.unit},
                 {"baseline", number(row.baseline)},
                 {"current", number(row.current)},
                 {"change", number(change_of(row))},
                 {"verdict", name_of(row.verdict)},
                 {"reason", row.reason}};
    if (row.measured) cell["measured"] = to_json(*row.measured);
    cells.push_back(std::move(cell));
  }
  return {{"schema_version", 1},
          {"kind", "gate"},
          {"verdict", name_of(result.verdict)},
          {"cells", cells},
          {"differences", result.differences.is_null() ? Json::array() : result.differences},
          {"notes", result.notes}};
}

}  // namespace splitwan::analysis
