// Two runs side by side: a gate's page of what differs, and `report TRACE --beside TRACE`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/gate/record.hh"
#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

// {schema_version, kind: "sides", names, same, verdict, verdicts, notes, cells}; scenarios/README.md says
// what each holds. `runs` and `strips` of a cell are what is drawn of it. Scenarios and cells meet by name;
// what is left over meets as pairs.cc says.
Json sides_data(const std::vector<ScenarioRecord>& before, const std::vector<ScenarioRecord>& now,
                const GateResult* verdicts = nullptr);

// One HTML file that loads nothing.
std::string render_sides_html(const Json& data);
std::string render_sides_markdown(const Json& data);
Json without_drawings(Json data);  // neither runs nor strips

}  // namespace splitwan::analysis
