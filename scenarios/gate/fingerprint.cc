#include "scenarios/gate/fingerprint.hh"

#include <filesystem>
#include <map>

#include "scenarios/jobs/content_hash.hh"
#include "scenarios/read/sweep.hh"

namespace splitwan::scenarios {
namespace {

namespace fs = std::filesystem;

std::string hash_at(const fs::path& path) {
  return fs::is_directory(path) ? folder_hash(path.string()) : file_hash(path.string());
}

// As the scenario writes them, for a baseline is compared in other folders.
void collect(const Json& said, const fs::path& folder, std::map<std::string, std::string>& hashes) {
  if (said.is_structured())
    for (const Json& item : said) collect(item, folder, hashes);
  if (!said.is_string()) return;
  const auto name = file_named(said.get<std::string>());
  std::error_code ignored;  // most texts name nothing
  if (const fs::path path = folder / name; !name.empty() && fs::exists(path, ignored))
    hashes[name] = hash_at(path);
}

std::string simulator_of(const engine::RunHeader& h) {
  if (h.simulator.is_object() && h.simulator.contains("ns3"))
    return "ns-3 " + h.simulator["ns3"].get<std::string>();
  return h.network.kind;
}

}  // namespace

Json fingerprint_of(const Json& scenario, const std::string& path, const std::vector<engine::Run>& runs) {
  Json said = scenario;
  for (const char* aside : {"name", "note", "$schema"}) said.erase(aside);
  Json print = {{"scenario", content_hash(said.dump())}};
  const fs::path folder = fs::path(path).parent_path();
  if (said.contains("model") && said["model"].is_string()) {
    const fs::path model = folder / said["model"].get<std::string>();
    if (fs::exists(model)) print["model"] = hash_at(model);
    said.erase("model");
  }
  std::map<std::string, std::string> hashes;
  collect(said, folder, hashes);
  for (const auto& [name, hash] : hashes) print["file " + name] = hash;
  const engine::RunHeader& h = runs.at(0).header;
  if (h.seed) print["seed"] = *h.seed;
  print["trace_schema"] = engine::trace_schema_version;
  print["simulator"] = simulator_of(h);
  if (h.mode.empty() && h.machine) print["instruction_sets"] = {h.machine->isa};
  return print;
}

}  // namespace splitwan::scenarios
