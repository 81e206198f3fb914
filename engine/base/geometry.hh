// Sizes of models that are known by name, whether or not their weights are here.
#pragma once

#include <string>
#include <vector>

namespace splitwan::engine {

struct Geometry {
  std::string name;
  double layers, width, heads, kv_heads, head_dim, ffn, vocabulary;
  double layer_weights() const;  // of one decoder layer
  double head_weights() const { return vocabulary * width; }
};

const std::vector<Geometry>& known_geometries();
const Geometry& geometry_named(const std::string&);  // throws Error naming the known ones

}  // namespace splitwan::engine
