// The angles by which rotary embedding turns queries and keys.
#pragma once

#include "engine/checkpoint/model_config.hh"
#include "engine/layers/kv_cache.hh"

namespace splitwan::engine {

std::vector<float> rope_frequencies(const ModelConfig&);  // [head_dim / 2]
// Of rows at these positions: [rows, head_dim / 2] each.
void rope_angles(const std::vector<float>& frequencies, std::span<const std::int32_t> positions,
                 float* cosine, float* sine);
void add_positions(const KvCache&, std::vector<std::int32_t>& positions);  // of its step's rows

}  // namespace splitwan::engine
