// What fit, project and report print for people.
#pragma once

#include <string>
#include <vector>

#include "model/projection.hh"

namespace splitwan::scenarios {

std::string fit_table(const model::LatencyModel&);
std::string projection_table(const std::vector<model::Point>&);
std::string summary_table(const engine::Json& summary);

}  // namespace splitwan::scenarios
