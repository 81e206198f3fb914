// JSON objects with very many keys. engine::Json keeps their order, and for that compares every new key with
// all earlier ones: seconds for a vocabulary.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/json_file.hh"

namespace splitwan::engine {

using LargeJson = nlohmann::json;

inline LargeJson read_large_json_file(const std::string& path) { return read_json_file_as<LargeJson>(path); }

}  // namespace splitwan::engine
