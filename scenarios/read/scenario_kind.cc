#include "scenarios/read/scenario_kind.hh"

#include <filesystem>
#include <nlohmann/json.hpp>

namespace splitwan::scenarios {

ScenarioKind kind_of(const Json& scenario) {
  for (const auto& [key, kind] : {std::pair{"replay", ScenarioKind::replay},
                                  {"validate", ScenarioKind::validation},
                                  {"study", ScenarioKind::study}})
    if (scenario.is_object() && scenario.contains(key)) return kind;
  return ScenarioKind::model;
}

std::string name_of_scenario(const Json& scenario, const std::string& file) {
  const auto name = scenario.find("name");
  return name != scenario.end() && name->is_string() ? name->get<std::string>()
                                                     : std::filesystem::path(file).stem().string();
}

}  // namespace splitwan::scenarios
