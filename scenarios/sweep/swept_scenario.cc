#include "scenarios/sweep/swept_scenario.hh"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "engine/base/error.hh"
#include "scenarios/console/machine.hh"
#include "scenarios/jobs/child_run.hh"
#include "scenarios/jobs/content_hash.hh"
#include "scenarios/jobs/named_files.hh"
#include "scenarios/read/network_kind.hh"
#include "scenarios/read/scenario_kind.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/sweep/table.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
namespace fs = std::filesystem;

nlohmann::json program(bool runs_a_model) {
  const std::string commit = build_commit_text();
  nlohmann::json text = {{"schema", sweep_schema_version}, {"version", version_text()}};
  if (runs_a_model) text["isa"] = machine(1).isa;
  if (const char* other = std::getenv("SPLITWAN_SIM")) text["simulator"] = file_hash(other);
  if (!commit.ends_with("-dirty") && commit != "unknown") return text;
  const fs::path folder = fs::path(splitwan_path()).parent_path();
  for (const char* name : {"splitwan", "splitwan-sim", "splitwan-engine"})
    if (const fs::path path = folder / name; fs::exists(path)) text[name] = file_hash(path.string());
  return text;
}

// Of results that are measured.
std::string this_machine() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format("{}, {}", host.data(), machine(1).cpu);
}

}  // namespace

SweptScenario::SweptScenario(const Design& design)
    : file_(design.scenario),
      folder_(fs::path(design.scenario).parent_path().string()),
      base_(read_scenario_file(design.scenario, {})),
      set_(design.set) {
  const ScenarioKind kind = kind_of(base_);
  runs_a_model_ = kind == ScenarioKind::model;
  if (!runs_a_model_ && kind != ScenarioKind::replay)
    throw Error("{}: expected a replay or a scenario that runs a model, found a key \"{}\"", file_,
                kind == ScenarioKind::study ? "study" : "validate");
  if (runs_a_model_ && !base_.contains("model"))
    throw Error("{}: expected a replay or a scenario that runs a model: neither \"replay\" nor \"model\"",
                file_);
  std::vector<std::string> known = design.keys();
  for (const auto& [key, value] : set_.items()) known.push_back(key);
  const Json sweep = base_.value("sweep", Json::object());
  for (const auto& [key, value] : sweep.items())
    if (std::ranges::find(known, key) == known.end()) left_out_.push_back(key);
  for (const char* ours : {"sweep", "summary"}) base_.erase(ours);
  try {
    for (const auto& [key, value] : set_.items()) set_key(base_, key, value);
  } catch (const Error& e) {
    throw Error("{}: set: {}", design.file, e.what());
  }
  program_ = program(runs_a_model_);
}

Json SweptScenario::of(const Json& cell) const {
  Json scenario = base_;
  for (const auto& [key, value] : cell.items()) set_key(scenario, key, value);
  return scenario;
}

std::string SweptScenario::hash_of(const Json& scenario) const {
  nlohmann::json program = program_;
  if (runs_alone(scenario)) program["machine"] = this_machine();
  return content_hash(nlohmann::json{
      {"program", program}, {"scenario", content_of(scenario)}, {"files", named_files(scenario, folder_)}}
                          .dump());
}

std::vector<std::string> SweptScenario::overrides(const Json& cell) const {
  std::vector<std::string> words{"--set", "sweep={}", "--set", "summary=decoding"};
  for (const Json* some : {&set_, &cell})
    for (const auto& [key, value] : some->items()) {
      words.emplace_back("--set");
      words.push_back(key + "=" + value.dump());
    }
  return words;
}

bool runs_alone(const Json& scenario) {
  if (scenario.value("compute", Json()) == "measured") return true;
  const Json network = scenario.value("network", Json());
  if (!network.is_object() || !network.contains("kind") || !network["kind"].is_string()) return false;
  const auto kind = network["kind"].get<std::string>();
  return std::ranges::any_of(network_table(),
                             [&](const NetworkRow& row) { return row.name == kind && row.wall_time; });
}

}  // namespace splitwan::scenarios
