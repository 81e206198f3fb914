// What rows' bits depend on beside weights and inputs: kernels, storage, the C library's functions.
#pragma once

#include <string>

#include "engine/checkpoint/model_config.hh"
#include "engine/kernels/storage.hh"

namespace splitwan::engine {

// "avx512 f32 8f3a01c2": the kernels' set, the storage, and a fingerprint of what they make of a few fixed
// numbers. Two machines that say the same compute the same bits, as far as that tells.
std::string arithmetic_of(const ModelConfig&, Storage);

}  // namespace splitwan::engine
