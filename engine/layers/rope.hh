// The angles by which rotary embedding turns queries and keys.
#pragma once

#include "engine/checkpoint/model_config.hh"
#include "engine/layers/kv_cache.hh"

namespace splitwan::engine {

std::vector<float> rope_frequencies(const ModelConfig&);  // [head_dim / 2]
// Of the step's rows: [rows, head_dim / 2] each.
void rope_angles(const std::vector<float>& frequencies, const KvCache&, float* cosine, float* sine);

}  // namespace splitwan::engine
