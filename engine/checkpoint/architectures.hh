// The model families that the engine runs: a row each in architectures.cc, a file each in architectures/.
#pragma once

#include "engine/checkpoint/config_file.hh"
#include "engine/checkpoint/model_config.hh"

namespace splitwan::engine {

struct Architecture {
  const char* name;        // as config.json's `architectures` says it
  const char* model_type;  // where it names none
  Traits traits;
  // Takes the keys that not all families share. Throws Error naming file and key for what is not implemented.
  void (*read)(const ConfigFile&, ModelConfig&);
};

// Throws Error that names the known ones.
const Architecture& architecture_of(const ConfigFile&);

}  // namespace splitwan::engine
