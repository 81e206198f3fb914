// Gaussian noise on activations that leave this side.
#pragma once

#include <ATen/core/Tensor.h>

namespace splitwan::engine {

// hidden [rows, width] -> with noise of sigma = share x the row's root mean square. A function of the seed
// and of the row's own bits: the same row sent again has the same noise, which averaging does not take away,
// and guessing changes no output. A server that can guess the seed can subtract it. 0: returns `hidden`.
at::Tensor with_noise(const at::Tensor& hidden, double share, std::uint64_t seed);

}  // namespace splitwan::engine
