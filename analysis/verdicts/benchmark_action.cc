#include "analysis/verdicts/benchmark_action.hh"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/verdicts/words.hh"
#include "engine/base/plain_text.hh"

namespace splitwan::analysis {
namespace {

Json entry_of(const GateRow& row) {
  const Figures f = figures_of(row);
  const std::string unit = engine::one_line(row.unit);
  Json entry = {{"name", engine::one_line(fmt::format("{} / {} / {}", row.scenario, row.cell, row.metric))},
                {"unit", unit},
                {"value", row.current}};
  std::string extra = fmt::format("baseline: {} {}\nchange: {}\nverdict: {}", f.baseline, unit, f.change,
                                  name_of(row.verdict));
  if (!row.reason.empty()) extra += "\n" + engine::one_line(row.reason);
  if (row.measured) {
    const Measured& m = *row.measured;
    const double spread = std::abs(m.ratio_high - m.ratio_low) / 2 * std::abs(row.baseline);
    if (std::isfinite(spread)) entry["range"] = fmt::format("± {:.3g}", spread);
    extra += "\n" + measured_text(m);
  }
  entry["extra"] = extra;
  return entry;
}

}  // namespace

BenchmarkFiles benchmark_files(const GateResult& result) {
  Json bigger = Json::array(), smaller = Json::array();
  for (const GateRow& row : result.rows)
    if (std::isfinite(row.current)) (row.higher_is_better ? bigger : smaller).push_back(entry_of(row));
  return {bigger.dump(1) + "\n", smaller.dump(1) + "\n"};
}

BenchmarkPaths benchmark_paths(const std::string& file) {
  constexpr std::string_view ending = ".json";
  const bool has = file.size() > ending.size() && file.ends_with(ending);
  const std::string stem = has ? file.substr(0, file.size() - ending.size()) : file;
  return {stem + ".bigger.json", stem + ".smaller.json"};
}

}  // namespace splitwan::analysis
