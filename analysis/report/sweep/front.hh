// The rows that no other beats in both of two quantities.
#pragma once

#include <optional>
#include <vector>

#include "analysis/report/sweep/axes.hh"

namespace splitwan::analysis {

// Indices of rows that state both, the best in `x` first; equals stay beside each other.
std::vector<std::size_t> front_of(const Quantity& x, const Quantity& y);

// What is drawn against what at first: privacy, or else bytes a token, against speed.
struct FrontChoice {
  Quantity x, y;
};
std::optional<FrontChoice> usual_front(const std::vector<SweepAxis>&, const std::vector<Quantity>&);

// The axis' numbers, by row: less is better.
Quantity quantity_of(const SweepAxis&);

}  // namespace splitwan::analysis
