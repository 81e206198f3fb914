// What `splitwan train` leaves of recipes of kind del and soft-prompt, and a session reads: one folder.
#pragma once

#include <memory>
#include <string>

#include "engine/privacy/binomial.hh"
#include "engine/privacy/projection.hh"
#include "engine/privacy/soft_prompt.hh"

namespace splitwan::engine {

struct DelWeights {
  std::string folder;
  int depth = 0;    // layers before the maps
  double clip = 0;  // c, which the maps were scaled to
  std::shared_ptr<const Projection> maps;
};

// FOLDER/training.json (depth, width, clip) and FOLDER/projection.safetensors. Throws Error naming the file
// and key or tensor. model_width 0: of any model.
DelWeights read_del_weights(const std::string& folder, int model_width = 0);

// How the continuation was while the prompt was trained ("clean": as published at inference; "noisy": every
// row goes through the mechanism), that no noise was seen at all ("noiseless"), or that there is no prompt
// ("none").
//   "prompt-mu20-bits4-clean.safetensors", "prompt-noiseless.safetensors", ""
std::string soft_prompt_file(const BinomialSpec&, const std::string& kind);

// none: a prompt of no rows. Throws Error naming the file that is expected where there is none.
SoftPrompt read_soft_prompt_for(const DelWeights&, const BinomialSpec&, const std::string& kind);

}  // namespace splitwan::engine
