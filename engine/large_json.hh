// JSON objects with very many keys. engine::Json keeps their order, and for that compares every new key with
// all earlier ones: seconds for a vocabulary.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace splitwan::engine {

using LargeJson = nlohmann::json;

// Throws Error naming the file (and the byte) when absent or malformed.
LargeJson read_large_json_file(const std::string& path);

}  // namespace splitwan::engine
