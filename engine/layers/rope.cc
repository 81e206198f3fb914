#include "engine/layers/rope.hh"

#include <cmath>

namespace splitwan::engine {

std::vector<float> rope_frequencies(const ModelConfig& c) {
  std::vector<float> frequencies;
  for (int i = 0; i < c.head_dim / 2; ++i) {  // in f32 as Hugging Face computes them
    const auto exponent = static_cast<float>(2 * i) / static_cast<float>(c.head_dim);
    frequencies.push_back(1.f / std::pow(static_cast<float>(c.rope_theta), exponent));
  }
  return frequencies;
}

void add_positions(const KvCache& cache, std::vector<std::int32_t>& positions) {
  for (int row = 0; row < cache.rows(); ++row) positions.push_back(cache.position(row));
}

void rope_angles(const std::vector<float>& frequencies, std::span<const std::int32_t> positions,
                 float* cosine, float* sine) {
  for (const std::int32_t position : positions) {
    for (const float frequency : frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      *cosine++ = std::cos(angle);
      *sine++ = std::sin(angle);
    }
  }
}

}  // namespace splitwan::engine
