// The angles by which rotary embedding turns a session's queries and keys.
#pragma once

#include "engine/checkpoint/model_config.hh"

namespace splitwan::engine {

class Rotary {
 public:
  // `length`: positions that the session is planned to reach, where the scaling asks; 0 = the whole context.
  Rotary(const ModelConfig&, int length);

  // Of rows at these positions: [rows, turning_dims / 2] each.
  void angles(Turn, std::span<const std::int32_t> positions, float* cosine, float* sine) const;

 private:
  std::vector<float> main_, local_;  // [turning_dims / 2]
  float scale_;                      // of main's cosines and sines
};

// What queries at a position are multiplied by.
float query_growth(const ModelConfig&, std::int32_t position);

}  // namespace splitwan::engine
