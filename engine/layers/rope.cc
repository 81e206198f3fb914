#include "engine/layers/rope.hh"

#include <cmath>

namespace splitwan::engine {

Rotary::Rotary(const ModelConfig& c, int length)
    : main_(rope_frequencies(c.rope, c.rope_theta, c.turning_dims(), length > 0 ? length : c.context)),
      scale_(static_cast<float>(c.rope.turn_scale)) {
  if (c.local_theta > 0) local_ = rope_frequencies({}, c.local_theta, c.turning_dims(), 0);
}

void Rotary::angles(Turn turn, std::span<const std::int32_t> positions, float* cosine, float* sine) const {
  const bool local = turn == Turn::local;
  const float scale = local ? 1 : scale_;
  for (const std::int32_t position : positions) {
    for (const float frequency : local ? local_ : main_) {
      const float angle = static_cast<float>(position) * frequency;
      *cosine++ = std::cos(angle) * scale;
      *sine++ = std::sin(angle) * scale;
    }
  }
}

float query_growth(const ModelConfig& c, std::int32_t position) {
  if (c.query_growth == 0) return 1;
  return static_cast<float>(1 + c.query_growth * std::log(1.0 + position / c.query_period));
}

}  // namespace splitwan::engine
