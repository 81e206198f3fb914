// Samples of two programs on a machine whose noise is as stated.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "analysis/trials/judge.hh"
#include "model/path/random.hh"

namespace splitwan::tests {

struct Noise {
  double own = 0.01;       // spread of each run's time
  double mood = 0;         // of what neighbouring runs share
  double mood_pairs = 10;  // that changes within so many pairs
  bool outliers = false;   // one run of ten takes up to 30 % longer
};

// Two metrics would be correlated: each has noise of its own here.
inline analysis::Trial trial_of(std::mt19937_64& random, std::size_t pairs, double effect,
                                const Noise& noise) {
  analysis::Trial t{"compute", {}, {}};
  const double keeps = std::exp(-1 / noise.mood_pairs);
  double mood = noise.mood * model::normal(random);
  for (std::size_t i = 0; i < pairs; ++i) {
    mood = keeps * mood + std::sqrt(1 - keeps * keeps) * noise.mood * model::normal(random);
    const auto one = [&](double mean) {
      const double late = noise.outliers && model::uniform(random) < 0.1 ? 0.3 * model::uniform(random) : 0;
      return mean * std::exp(noise.own * model::normal(random) + mood + late);
    };
    t.ours.push_back(one(1 + effect));
    t.theirs.push_back(one(1));
  }
  return t;
}

}  // namespace splitwan::tests
