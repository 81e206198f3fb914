#include "analysis/summary/compare.hh"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

struct ComparedSteps {
  std::vector<double> total_s, rows;
};

std::map<std::string, ComparedSteps> steps_by_drafter(const model::Study& study) {
  std::map<std::string, ComparedSteps> found;
  for (const model::Observation& o : study.steps) {
    if (o.prefill) continue;
    found[o.drafter].total_s.push_back(o.total_s);
    found[o.drafter].rows.push_back(o.rows);
  }
  return found;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Json lengths(const std::vector<double>& s) {
  return {{"mean_step_s", mean_of(s)}, {"p95_step_s", engine::quantile(s, 0.95)}};
}

Json step_errors(const ComparedSteps& live, const ComparedSteps& replay) {
  if (live.rows != replay.rows) return {};
  std::vector<double> errors;
  errors.reserve(live.total_s.size());
  for (std::size_t i = 0; i < live.total_s.size(); ++i)
    errors.push_back(std::abs(replay.total_s[i] / live.total_s[i] - 1));
  return {{"median", engine::median(errors)}, {"p95", engine::quantile(errors, 0.95)}};
}

}  // namespace

Json compare(const model::Study& live, const model::Study& replay) {
  const auto played = steps_by_drafter(replay);
  Json rows = Json::array();
  for (const auto& [drafter, steps] : steps_by_drafter(live)) {
    const auto found = played.find(drafter);
    if (found == played.end()) continue;
    const Json a = lengths(steps.total_s), b = lengths(found->second.total_s);
    const auto error = [&](const char* key) { return b[key].get<double>() / a[key].get<double>() - 1; };
    rows.push_back({{"drafter", drafter},
                    {"steps", steps.total_s.size()},
                    {"live", a},
                    {"replay", b},
                    {"mean_error", error("mean_step_s")},
                    {"p95_error", error("p95_step_s")},
                    {"step_error", step_errors(steps, found->second)}});
  }
  if (rows.empty()) throw engine::Error("compare: expected a drafter that both traces have, found none");
  return {{"schema_version", 1}, {"rows", rows}};
}

}  // namespace splitwan::analysis
