// How many numbers a decoder layer holds, on plain numbers: who computes, projects or benches counts alike.
#pragma once

namespace splitwan::engine {

// Weights in one layer's matrices; norms and biases, thousands beside millions, are left out.
struct LayerWeights {
  double qkv, out, ffn;
  double all() const { return qkv + out + ffn; }
};
constexpr LayerWeights layer_weights(double width, double heads, double kv_heads, double head_dim,
                                     double ffn) {
  return {width * head_dim * (heads + 2 * kv_heads), width * head_dim * heads, 3 * width * ffn};
}

// What one layer's cache of so many rows holds in f32: keys and values.
constexpr double cache_bytes(double kv_heads, double head_dim, double rows) {
  return 8 * kv_heads * head_dim * rows;
}

}  // namespace splitwan::engine
