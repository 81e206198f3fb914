#include "scenarios/gate/gate_runs.hh"

#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include "analysis/gate/records.hh"
#include "engine/base/error.hh"
#include "engine/party/trace.hh"
#include "scenarios/gate/fingerprint.hh"
#include "scenarios/jobs/child_run.hh"
#include "scenarios/jobs/scratch_folder.hh"
#include "scenarios/read/scenario_kind.hh"
#include "scenarios/read/sweep.hh"

namespace splitwan::scenarios {
namespace {

namespace fs = std::filesystem;
using analysis::ScenarioRecord;
using engine::Error;

// Before anything runs.
Json checked(const std::string& file) {
  Json scenario = read_scenario_file(file, {});
  if (kind_of(scenario) == ScenarioKind::study)
    throw Error("{}: study: a gate compares runs step by step: expected a scenario that leaves a trace",
                file);
  if (kind_of(scenario) == ScenarioKind::validation)
    throw Error(
        "{}: validates links: a gate compares runs step by step: expected a scenario that runs or replays a "
        "model",
        file);
  if (scenario.contains("privacy") && scenario["privacy"].is_object() &&
      scenario["privacy"].contains("budget"))
    throw Error("{}: privacy.budget: a gate would spend it: expected none", file);
  const auto measured = [&](const Json& value) { return value == "measured"; };
  const Json sweep = scenario.value("sweep", Json::object());
  bool any = scenario.contains("compute") && measured(scenario["compute"]);
  if (sweep.is_object() && sweep.contains("compute"))
    for (const Json& value : sweep["compute"]) any |= measured(value);
  if (any)
    throw Error(
        "{}: compute: measured times are never alike: expected reference, recorded:TRACE or profile:FILE "
        "(--against measures)",
        file);
  return scenario;
}

ScenarioRecord run_one(const std::string& file, const Json& scenario, const fs::path& trace,
                       const GateRunOptions& options) {
  const ChildResult child = run_child({splitwan_path(), "run", file, "-o", trace.string()},
                                      {.folder = "", .environment = {}, .stop = options.stop});
  if (child.stopped) throw Error("{}: interrupted", file);
  if (child.exit_code != 0) throw Error("{}", why_failed(child));
  const auto runs = engine::read_trace_file(trace.string());
  fs::remove(trace);
  auto records = analysis::records_of(runs);
  if (records.size() != 1)
    throw Error("{}: expected one scenario in its trace, found {}", file, records.size());
  ScenarioRecord record = std::move(records[0]);
  record.fingerprint = fingerprint_of(scenario, file, runs);
  for (analysis::CellRecord& cell : record.cells)
    for (analysis::RunRecord& run : cell.runs) run = analysis::grouped(std::move(run));
  return record;
}

}  // namespace

std::string gate_scenario(const std::string& file) { return name_of_scenario(checked(file), file); }

std::vector<ScenarioRecord> run_gate(const std::vector<std::string>& files, const GateRunOptions& options) {
  std::vector<Json> scenarios;
  scenarios.reserve(files.size());
  for (const std::string& file : files) scenarios.push_back(checked(file));
  const ScratchFolder folder;
  std::vector<ScenarioRecord> records(files.size());
  std::mutex mutex;  // done
  std::size_t done = 0;
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  run_parallel(files.size(), options.at_once ? options.at_once : cores, [&](std::size_t i) {
    records[i] = run_one(files[i], scenarios[i], folder.path / fmt::format("{}.jsonl", i), options);
    const std::lock_guard lock(mutex);
    if (options.progress) options.progress(++done, files.size(), records[i].name);
  });
  std::set<std::string> names;
  for (const ScenarioRecord& record : records)
    if (!names.insert(record.name).second)
      throw Error("scenario '{}': named so by two of the files: a baseline tells scenarios by their names",
                  record.name);
  return records;
}

}  // namespace splitwan::scenarios
