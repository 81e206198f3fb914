#include "scenarios/gate/fingerprint.hh"

#include <fmt/ranges.h>

#include <filesystem>
#include <set>

#include "scenarios/jobs/content_hash.hh"
#include "scenarios/jobs/named_files.hh"

namespace splitwan::scenarios {
namespace {

std::string simulator_of(const engine::RunHeader& h) {
  if (h.simulator.is_object() && h.simulator.contains("ns3"))
    return "ns-3 " + h.simulator["ns3"].get<std::string>();
  return h.network.kind;
}

}  // namespace

Json fingerprint_of(const Json& scenario, const std::string& path, const std::vector<engine::Run>& runs) {
  Json print = {{"scenario", content_hash(content_of(scenario).dump())}};
  auto files = named_files(scenario, std::filesystem::path(path).parent_path().string());
  if (scenario.contains("model") && scenario["model"].is_string())
    if (const auto model = files.extract(scenario["model"].get<std::string>()))
      print["model"] = model.mapped();
  for (const auto& [name, hash] : files) print["file " + name] = hash;
  const engine::RunHeader& h = runs.at(0).header;
  if (h.seed) print["seed"] = *h.seed;
  print["trace_schema"] = engine::trace_schema_version;
  std::set<std::string> simulators;
  for (const engine::Run& run : runs) simulators.insert(simulator_of(run.header));
  print["simulator"] = fmt::format("{}", fmt::join(simulators, ", "));
  if (h.mode.empty() && h.machine) print["instruction_sets"] = {h.machine->isa};
  return print;
}

}  // namespace splitwan::scenarios
