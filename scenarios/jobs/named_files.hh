// What a scenario says, by content: by this its results are known again.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/json.hh"

namespace splitwan::scenarios {

// All that bears on its results: without name and note, keys in order.
nlohmann::json content_of(const engine::Json& scenario);

// Of each file, and each folder of a model or of maps, that it names: hash of contents, by the name as it
// stands there. Names are sought from `folder`. A budget is no input: it is spent.
std::map<std::string, std::string> named_files(const engine::Json& scenario, const std::string& folder);

}  // namespace splitwan::scenarios
