// What `run` and `report` print of a summary for people.
#pragma once

#include <string>

#include "engine/base/json.hh"

namespace splitwan::scenarios {

std::string summary_table(const engine::Json& summary);

}  // namespace splitwan::scenarios
