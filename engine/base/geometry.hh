// A model's sizes, also of one whose traces alone are here.
#pragma once

#include "engine/base/layer_weights.hh"

namespace splitwan::engine {

struct Geometry {
  double layers, width, heads, kv_heads, head_dim, ffn, vocabulary;
  double layer_weights() const {  // of one decoder layer
    return engine::layer_weights(width, heads, kv_heads, head_dim, ffn).all();
  }
  double head_weights() const { return vocabulary * width; }
};

}  // namespace splitwan::engine
