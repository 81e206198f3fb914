// Where configs say how rows turn: `rope_theta` and `rope_scaling`, or as newer files write it
// `rope_parameters`, for all layers or by their type.
#pragma once

#include "engine/checkpoint/config_file.hh"
#include "engine/checkpoint/model_config.hh"

namespace splitwan::engine {

// Takes rope_theta, rope, local_theta, rotary_dims and what queries grow by. Throws Error naming file and
// key.
void read_rope(const ConfigFile&, ModelConfig&);

}  // namespace splitwan::engine
