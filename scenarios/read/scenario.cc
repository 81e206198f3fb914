#include "scenarios/read/scenario.hh"

#include <filesystem>

#include "engine/base/error.hh"
#include "engine/drafters/named.hh"
#include "scenarios/read/read_link.hh"
#include "scenarios/read/scenario_keys.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/read/topology.hh"

namespace splitwan::scenarios {

using engine::Error;
using engine::ObjectReader;
namespace fs = std::filesystem;

Scenario read_scenario(const Json& json, const std::string& file, Asks asks) {
  Scenario s;
  s.name = fs::path(file).stem().string();
  read_keys(s, json, file);
  for (const auto& [key, given] : {std::pair("model", !s.model.empty()),
                                   std::pair("prompts", asks == Asks::nothing || !s.prompts.empty())})
    if (!given) throw Error("{}: key '{}' is missing", file, key);
  check(s, file);
  if (!row_of(s.network.kind).runs_models)
    throw Error("{}: network: kind: {} is for replays", file, name_of(s.network.kind));
  if (!s.cascade.on) expect_two_parties(s.network, file, "a run of a model");
  s.resolved = json;
  return s;
}

void read_keys(Scenario& s, const Json& json, const std::string& where) {
  ObjectReader top(json, where);
  for (const char* ignored : {"$schema", "note", "sweep", "summary"}) top.find(ignored);
  ScenarioReading reading{s, where, fs::path(where).parent_path().string()};
  std::map<std::string, ObjectReader> inner;  // "sampling" of "sampling.top_k"
  for (const ScenarioKey& row : scenario_keys()) {
    const auto dot = row.about.path.find('.');
    if (dot == std::string::npos) {
      row.read(reading, top, row.about.path);
      continue;
    }
    const std::string group = row.about.path.substr(0, dot);
    const Json* object = top.find(group);
    if (!object) continue;
    auto& r = inner.try_emplace(group, *object, top.path(group)).first->second;
    row.read(reading, r, row.about.path.substr(dot + 1));
  }
  for (const auto& [group, r] : inner) r.done();
  top.done();
}

void check(const Scenario& s, const std::string& where) {
  if (s.decode.empty()) throw Error("{}: decode: the list is empty", where);
  for (const std::string& d : s.decode) {
    engine::check_drafter(d);
    if (s.draft_model.empty() && engine::needs_draft_model(d))
      throw Error("{}: decode '{}': expected the key \"draft_model\" beside it", where, d);
  }
  try {
    engine::check(s.sampling);
  } catch (const Error& e) {
    throw Error("{}: sampling: {}", where, e.what());
  }
  check_privacy(s, where);
  check_cascade(s, where);
  check_checks(s, where);
}

const std::vector<SchemaKey>& scenario_schema() {
  static const std::vector<SchemaKey> schema = [] {
    std::vector<SchemaKey> list = engine::keys_of(scenario_keys());
    append(list, network_schema(), "network.");
    return list;
  }();
  return schema;
}

const SchemaKey& schema_key(const std::string& path) {
  for (const SchemaKey& key : scenario_schema()) {
    if (key.path == path) return key;
  }
  throw Error("'{}' is no key of a scenario", path);
}

std::vector<Scenario> load_scenarios(const std::string& path, const std::vector<std::string>& overrides) {
  std::vector<Scenario> scenarios;
  for (const Json& point : expand_sweep(read_scenario_file(path, overrides), path))
    scenarios.push_back(read_scenario(point, path));
  return scenarios;
}

}  // namespace splitwan::scenarios
