// By what factor one sample is larger than another, and how sure that is.
#pragma once

#include <cstdint>
#include <span>

namespace splitwan::analysis {

struct RatioInterval {
  double ratio = 1, low = 1, high = 1;
};

// The median of all a_i / b_j: Hodges and Lehmann (1963), Ann. Math. Stat. 34, 598, of logarithms. All
// values above 0.
double ratio_of(std::span<const double> a, std::span<const double> b);

// With an interval that holds the true factor with probability `level`: pairs (a_i, b_i), measured one after
// the other, are drawn again `draws` times in blocks of neighbours, so that what both sides of a pair share
// (the machine's mood) cancels, and what neighbours share stays together. A function of the seed. Throws
// Error where the sizes differ, or a value is not above 0.
RatioInterval ratio_interval(std::span<const double> a, std::span<const double> b, double level,
                             std::uint64_t seed, std::size_t draws = 2000);

// Pairs in a block, of so many: their cube root, rounded down.
std::size_t block_of(std::size_t pairs);

}  // namespace splitwan::analysis
