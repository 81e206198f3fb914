#include "engine/base/geometry.hh"

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/base/layer_weights.hh"

namespace splitwan::engine {

double Geometry::layer_weights() const {
  return engine::layer_weights(width, heads, kv_heads, head_dim, ffn).all();
}

const std::vector<Geometry>& known_geometries() {  // the makers' published configurations
  static const std::vector<Geometry> known = {{"mistral-7b", 32, 4096, 32, 8, 128, 14336, 32000},
                                              {"mistral-nemo-12b", 40, 5120, 32, 8, 128, 14336, 131072},
                                              {"llama-3.1-8b", 32, 4096, 32, 8, 128, 14336, 128256},
                                              {"llama-70b", 80, 8192, 64, 8, 128, 28672, 128256},
                                              {"llama-405b", 126, 16384, 128, 8, 128, 53248, 128256},
                                              {"llama-15m", 6, 288, 6, 6, 48, 768, 32000}};
  return known;
}

const Geometry& geometry_named(const std::string& name) {
  const auto& known = known_geometries();
  const auto it = std::find_if(known.begin(), known.end(), [&](auto& g) { return g.name == name; });
  if (it != known.end()) return *it;
  std::vector<std::string> names;
  names.reserve(known.size());
  for (const Geometry& g : known) names.push_back(g.name);
  throw Error("geometry '{}': expected one of {}", name, fmt::join(names, ", "));
}

}  // namespace splitwan::engine
