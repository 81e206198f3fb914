// Models that are known by name, whether or not their weights are here: as their makers published them.
#pragma once

#include <string>
#include <vector>

#include "engine/base/geometry.hh"
#include "engine/checkpoint/model_config.hh"

namespace splitwan::engine {

std::string known_models();  // their names, joined by commas

// "mistral-7b"; "mistral-7b-4l", its first 4 layers; the path of a config.json or of a folder with one. Of a
// known name, without end tokens and what scales its rotation. Throws Error naming the known ones.
ModelConfig model_named(const std::string&);

Geometry sizes_of(const ModelConfig&);

}  // namespace splitwan::engine
