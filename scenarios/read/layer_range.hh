// Which layers: as typed, and as an exported checkpoint says.
#pragma once

#include <string>

#include "engine/base/types.hh"

namespace splitwan::scenarios {

// "2:30" = layers 2 to 29. Throws Error when it is no range of a model with `layers` layers.
engine::LayerRange parse_layers(const std::string& text, int layers);

// What `splitwan export` noted in the folder's config.json. Throws Error when it is no export, or no such
// range.
engine::LayerRange exported_layers(const std::string& folder, int layers);
constexpr auto exported_layers_key = "splitwan_layers";  // config.json: [begin, end]

// Writes the checkpoint that the untrusted side may have: config.json and these layers' tensors, nothing
// else. Returns the tensors' names. The folder must not exist, or be empty; it appears whole or not at all.
std::vector<std::string> export_layers(const std::string& model, engine::LayerRange,
                                       const std::string& output);

// "2,2": layers kept at each end. Throws Error.
std::pair<int, int> parse_split(const std::string& text);

}  // namespace splitwan::scenarios
