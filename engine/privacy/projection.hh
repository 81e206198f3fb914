// DEL's two linear maps (arXiv 2602.11513): rows of the model's width to short latents and back, no bias,
// trained together without noise. No torch.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace splitwan::engine {

struct Projection {
  int model_width = 0, width = 0;  // b, d
  std::vector<float> encoder;      // [d, b]
  std::vector<float> decoder;      // [b, d]

  // x [b] -> [d], and back. Sums run in order, so that a row's bits depend on nothing but the row.
  void encode(std::span<const float> x, std::span<float> latent) const;
  void decode(std::span<const float> latent, std::span<float> x) const;
};

// Tensors "encoder" and "decoder" of a safetensors file, as f32 (or f16). Throws Error naming the file and
// the tensor: absent, of another type, of shapes that are no pair, of another model's width (0: of any).
Projection read_projection(const std::string& path, int model_width = 0);
void write_projection(const std::string& path, const Projection&);

}  // namespace splitwan::engine
