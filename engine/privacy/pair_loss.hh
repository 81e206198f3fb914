// What telling two given inputs apart can cost: not the worst pair, but this one.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/privacy/binomial.hh"

namespace splitwan::engine {

// The privacy loss ln(P / Q) of a row x against a row y, as masses on a grid: rounded up, so that delta() is
// never below the truth, or down.
class PairLoss {
 public:
  enum class Rounded { up, down };
  PairLoss(const BinomialSpec&, std::span<const double> x, std::span<const double> y, Rounded,
           double grid = 1e-3);
  double delta(double epsilon) const;

 private:
  double grid_;
  std::ptrdiff_t first_ = 0;  // of the masses, in grid steps
  std::vector<double> mass_{1.0};
  double lost_ = 0;  // of tails too thin to keep: counts as an endless loss where rounded up
};

}  // namespace splitwan::engine
