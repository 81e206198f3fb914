// DEL's soft prompt (arXiv 2602.11513): trained rows that the server puts in front of what it reads, so that
// its frozen layers cope with the noise. No torch.
#pragma once

#include <string>
#include <vector>

namespace splitwan::engine {

struct SoftPrompt {
  int rows = 0, model_width = 0;  // P, b
  std::vector<float> values;      // [rows, b], below each other
};

// Tensor "soft_prompt" of a safetensors file. Throws Error naming the file and the tensor: absent, of another
// type, of another model's width (0: of any), not finite.
SoftPrompt read_soft_prompt(const std::string& path, int model_width = 0);
void write_soft_prompt(const std::string& path, const SoftPrompt&);  // as f16: 25 KB of 100 rows of 128

}  // namespace splitwan::engine
