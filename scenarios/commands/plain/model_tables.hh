// What fit, project, advise and report print for people. Json: the command's own result.
#pragma once

#include <string>
#include <vector>

#include "model/ask/cascade_projection.hh"
#include "model/ask/projection.hh"

namespace splitwan::scenarios {

std::string fit_table(const model::LatencyModel&);
std::string cascade_table(const model::CascadeModel&);
std::string sharded_projection_table(const std::vector<model::ShardPoint>&);
std::string projection_table(const std::vector<model::Point>&, const std::vector<std::string>& assumptions);
std::string needs_table(const engine::Json&);
std::string advice_table(const engine::Json&);
std::string published_table(const engine::Json&);

}  // namespace splitwan::scenarios
