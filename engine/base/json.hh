// JSON as we use it: keys keep their order. Forward declared here; who builds or takes one apart includes
// <nlohmann/json.hpp> or json_file.hh.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace splitwan::engine {

using Json = nlohmann::ordered_json;

}  // namespace splitwan::engine
