// generation_config.json: where a text ends, and how its makers would draw it. A folder may have none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

struct GenerationConfig {
  std::optional<std::vector<Token>> eos;  // goes before config.json's, as in transformers' generate()
  Json sampling;                          // what it suggests: temperature, top_p, ..; empty: greedy
};

// Throws Error naming file and key.
GenerationConfig read_generation_config(const std::string& folder);

}  // namespace splitwan::engine
