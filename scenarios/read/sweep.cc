#include "scenarios/read/sweep.hh"

#include <algorithm>
#include <filesystem>

#include "analysis/summary/summary.hh"
#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/units.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;

constexpr std::size_t most_points = 10'000;  // each is kept; `splitwan sweep` takes more

}  // namespace

void set_key(Json& json, const std::string& dotted, const Json& value) {
  Json* at = &json;
  const auto keys = engine::split_list(dotted, '.');
  for (const std::string& key : keys) {
    if (key.empty()) throw Error("key '{}': expected names joined by dots, as in network.rtt", dotted);
    if (!at->is_null() && !at->is_object())
      throw Error("key '{}': '{}' is not inside an object", dotted, key);
    at = &(*at)[key];
  }
  *at = value;
}

void apply_override(Json& scenario, const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos) {
    throw Error("--set '{}': expected KEY=VALUE, as in network.rtt=20ms", assignment);
  }
  const std::string key = assignment.substr(0, equals), text = assignment.substr(equals + 1);
  const Json parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  set_key(scenario, key, parsed.is_discarded() ? Json(text) : parsed);
  const auto sweep = scenario.find("sweep");
  if (sweep == scenario.end() || !sweep->is_object()) return;
  sweep->erase(key);
  if (const auto cells = sweep->find("cells"); cells != sweep->end() && cells->is_array()) {
    Json left = Json::array();  // those that now say the same are one
    for (Json cell : *cells) {
      if (cell.is_object()) cell.erase(key);
      if (std::find(left.begin(), left.end(), cell) == left.end()) left.push_back(cell);
    }
    *cells = left;
  }
}

Json read_scenario_file(const std::string& path, const std::vector<std::string>& overrides) {
  Json json = engine::read_json_file(path);
  if (!json.is_object()) throw Error("{}: expected an object", path);
  for (const std::string& o : overrides) apply_override(json, o);
  if (json.contains("summary") && !analysis::is_summary(json["summary"]))
    throw Error("{}: summary: expected decoding, published or link-validation, found {}", path,
                json["summary"].dump());
  return json;
}

std::string file_named(const std::string& text) {
  for (const std::string kind : {"recorded:", "profile:"})
    if (text.starts_with(kind)) return file_named(text.substr(kind.size()));
  return text.size() < 4096 ? text : "";
}

std::vector<std::string> files_named_in(const Json& scenario, const std::string& file) {
  std::vector<std::string> files;
  if (scenario.is_string()) {
    if (const std::string name = file_named(scenario.get<std::string>()); !name.empty())
      files.push_back((std::filesystem::path(file).parent_path() / name).lexically_normal().string());
  }
  if (scenario.is_structured()) {
    for (const Json& item : scenario) {
      for (std::string& found : files_named_in(item, file)) files.push_back(std::move(found));
    }
  }
  return files;
}

std::vector<Json> expand_sweep(const Json& scenario, const std::string& file) {
  const auto sweep = scenario.find("sweep");
  if (sweep == scenario.end()) return {scenario};
  if (!sweep->is_object()) throw Error("{}: sweep: expected an object of lists", file);
  Json base = scenario;
  base.erase("sweep");
  std::vector<Json> points{base};
  for (const auto& [key, values] : sweep->items()) {
    if (!values.is_array() || values.empty())
      throw Error("{}: sweep '{}': expected a list of values", file, key);
    if (points.size() * values.size() > most_points)
      throw Error("{}: sweep: more than {} combinations: `splitwan sweep` takes more", file, most_points);
    std::vector<Json> next;
    for (const Json& point : points) {
      for (const Json& value : values) {
        next.push_back(point);
        if (key != "cells") {
          set_key(next.back(), key, value);
          continue;
        }
        if (!value.is_object()) throw Error("{}: sweep 'cells': expected objects of keys and values", file);
        for (const auto& [one, set] : value.items()) set_key(next.back(), one, set);
      }
    }
    points = std::move(next);
  }
  return points;
}

}  // namespace splitwan::scenarios
