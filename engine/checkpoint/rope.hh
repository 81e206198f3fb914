// Rotary embedding as checkpoints scale it for contexts longer than they were trained on: a row for each kind
// in rope.cc (transformers, modeling_rope_utils.py). No torch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/json.hh"

namespace splitwan::engine {

struct RopeScaling {
  std::string type = "default";
  double factor = 1;
  double turn_scale = 1;                          // of cosines and sines
  int original = 0;                               // positions of the training, where the kind needs them
  double low_factor = 1, high_factor = 4;         // llama3
  double beta_fast = 32, beta_slow = 1;           // yarn
  bool truncate = true;                           // yarn: its bounds are whole
  std::vector<double> short_factor, long_factor;  // longrope, a number for each pair
  bool operator==(const RopeScaling&) const = default;
};

// What a config's `rope_scaling` or `rope_parameters` says, `where` for errors. `context`:
// max_position_embeddings; `original`: where the config says it beside, else 0; `dims`: that turn. Throws
// Error naming the key.
RopeScaling read_rope_scaling(const Json& stated, const std::string& where, int context, int original,
                              int dims);

// Whether the angles depend on how long a session gets: they are settled once, when it begins.
bool turns_by_length(const RopeScaling&);

// [dims / 2]; angle = position x frequency. `length`: positions that the session is planned to reach.
std::vector<float> rope_frequencies(const RopeScaling&, double theta, int dims, int length);

// Positions that a session may reach: as stated, and where angles grow with it, so many times more.
int reach(const RopeScaling&, int context);

Json to_json(const RopeScaling&);

}  // namespace splitwan::engine
