#include "scenarios/sweep/rows.hh"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/summary/summary.hh"
#include "model/observe/sharded.hh"

namespace splitwan::scenarios {
namespace {

// {"step": {"client_s": 1}} -> {"step.client_s": 1}. Lists stay lists.
void flatten(Json& row, const std::string& prefix, const Json& value) {
  if (!value.is_object()) {
    row[prefix] = value;
    return;
  }
  for (const auto& [key, inner] : value.items()) flatten(row, fmt::format("{}.{}", prefix, key), inner);
}

Json flat(const Json& result) {
  static const std::set<std::string> not_stated{"plan", "sampling"};
  Json row;
  for (const auto& [key, value] : result.items())
    if (!(value.is_null() && not_stated.contains(key))) flatten(row, key, value);
  return row;
}

// Of several runs: a number's mean; anything else where all agree.
Json mean(const std::vector<Json>& values) {
  if (std::ranges::all_of(values, [&](const Json& v) { return v == values[0]; })) return values[0];
  double sum = 0;
  for (const Json& value : values) {
    if (!value.is_number()) return {};
    sum += value.get<double>();
  }
  return sum / static_cast<double>(values.size());
}

// The cascade summary's cell without what the decoding summary says as well.
Json shard_figures(Json cell) {
  for (const char* said : {"alpha", "cluster", "form", "merge", "drafter", "wire", "geometry", "tokens_per_s",
                           "rows_per_step", "parties", "published", "model", "network", "rtt_s", "up_bps",
                           "down_bps", "loss", "unfit", "details"})
    cell.erase(said);
  Json row;
  flatten(row, "cascade", cell);
  return row;
}

// drafter -> the runs' figures, a list for each key.
using Figures = std::map<std::string, std::vector<std::pair<std::string, std::vector<Json>>>>;

void add(Figures& figures, const std::string& drafter, const Json& row) {
  auto& keys = figures[drafter];
  for (const auto& [key, value] : row.items()) {
    auto at = std::ranges::find(keys, key, &std::pair<std::string, std::vector<Json>>::first);
    if (at == keys.end()) at = keys.insert(keys.end(), {key, {}});
    at->second.push_back(value);
  }
}

void add_sharded(Json& rows, const model::Study& study) {
  if (std::ranges::none_of(study.runs, [](const engine::Run& r) { return model::is_sharded(r.header); }))
    return;
  Figures figures;
  const Json summary = analysis::cascade_summary(study);
  for (const Json& cell : summary["cells"])
    add(figures, cell["drafter"].get<std::string>(), shard_figures(cell));
  for (Json& row : rows)
    for (const auto& [key, values] : figures[row["drafter"].get<std::string>()]) row[key] = mean(values);
}

// Rows are all runs' together; of what they give away the worst run counts.
void add_privacy(Json& rows, const model::Study& study) {
  Figures figures;
  for (const engine::Run& run : study.runs)
    if (run.end.is_object() && run.end.contains("privacy"))
      add(figures, run.header.drafter, run.end["privacy"]);
  const auto together = [](const std::string& key, const std::vector<Json>& values) -> Json {
    double sum = 0, most = 0;
    for (const Json& value : values) {
      if (!value.is_number()) return mean(values);
      sum += value.get<double>();
      most = std::max(most, value.get<double>());
    }
    return key.ends_with("rows") ? sum : most;
  };
  for (Json& row : rows)
    for (const auto& [key, values] : figures[row["drafter"].get<std::string>()])
      row["privacy." + key] = together(key, values);
}

}  // namespace

Json rows_of(const model::Study& study, const std::string& folder) {
  Json rows = Json::array();
  const std::string recorded = "recorded:", here = recorded + folder + "/";
  const Json summary = analysis::decoding_summary(study);
  for (const Json& result : summary["results"]) {
    Json& row = rows.emplace_back(flat(result));
    const auto compute = row.value("compute", std::string());
    if (!folder.empty() && compute.starts_with(here)) row["compute"] = recorded + compute.substr(here.size());
  }
  add_sharded(rows, study);
  add_privacy(rows, study);
  return rows;
}

}  // namespace splitwan::scenarios
