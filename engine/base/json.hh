// JSON as we use it: keys keep their order, however many there are. Forward declared here; who builds or
// takes one apart includes <nlohmann/json.hpp> or json_file.hh.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/base/json_object.hh"

namespace splitwan::engine {

using Json = nlohmann::basic_json<JsonObject>;

}  // namespace splitwan::engine
