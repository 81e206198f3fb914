// Matrices of a safetensors file, as f32. No torch.
#pragma once

#include <string>
#include <vector>

#include "engine/checkpoint/safetensors.hh"

namespace splitwan::engine {

struct Matrix {
  int rows = 0, columns = 0;
  std::vector<float> values;
};

// F32 or F16. Throws Error naming the file and the tensor: absent, of another type, no matrix.
Matrix read_matrix(const SafetensorsFile&, const std::string& path, const std::string& name);

}  // namespace splitwan::engine
