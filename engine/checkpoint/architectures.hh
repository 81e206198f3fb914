// The model families that the engine runs: a row each in architectures.cc, a file for those alike in
// architectures/.
#pragma once

#include "engine/checkpoint/config_file.hh"
#include "engine/checkpoint/model_config.hh"

namespace splitwan::engine {

struct Architecture {
  const char* name;        // as config.json's `architectures` says it
  const char* model_type;  // where it names none
  Traits traits;
  // What a config leaves out, as transformers' class for it has it: an object in JSON.
  const char* defaults;
  // Takes the keys that not all families share. Throws Error naming file and key for what is not implemented.
  void (*read)(const ConfigFile&, ModelConfig&);
  // Of a config that holds the model under `text_config`, beside an image encoder: what is left out there
  // besides.
  const char* text_defaults = nullptr;
};

// Throws Error that names the known ones.
const Architecture& architecture_of(const ConfigFile&);

// A config's keys as the family reads them: those of `text_config` where it has one, with what was left out.
ConfigFile completed(const ConfigFile&, const Architecture&);

// `layer_types` where it is stated, else as `windowed` says of each layer, and `sliding_window` where any is.
void read_windows(const ConfigFile&, ModelConfig&, bool (*windowed)(int layer));
// attention_bias: of queries, keys, values and the output; mlp_bias: of all three products.
void read_biases(const ConfigFile&, ModelConfig&);

}  // namespace splitwan::engine
