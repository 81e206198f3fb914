#pragma once

#include <ATen/core/Tensor.h>

namespace splitwan::attacks {

// [rows, width], [candidates, width] -> [rows, candidates]. A row of zeros is at right angles to all.
at::Tensor cosines(const at::Tensor& decoded, const at::Tensor& vocabulary);

}  // namespace splitwan::attacks
