// Uniform in [0, 1) and standard normal: the standard library's distributions differ between implementations.
#pragma once

#include <cmath>
#include <random>

namespace splitwan::model {

inline double uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

// Box and Muller's.
inline double normal(std::mt19937_64& random) {
  const double radius = std::sqrt(-2 * std::log(1 - uniform(random)));
  return radius * std::cos(2 * 3.14159265358979323846 * uniform(random));
}

}  // namespace splitwan::model
