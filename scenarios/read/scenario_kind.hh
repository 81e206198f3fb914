// What a scenario file asks for, told by its keys, and what it is called.
#pragma once

#include <string>

#include "engine/base/json.hh"

namespace splitwan::scenarios {

using engine::Json;

enum class ScenarioKind : std::uint8_t { model, replay, validation, study };
ScenarioKind kind_of(const Json& scenario);

std::string name_of_scenario(const Json& scenario,
                             const std::string& file);  // the file's name, unless it says

}  // namespace splitwan::scenarios
