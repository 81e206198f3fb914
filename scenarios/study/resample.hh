// 90 % intervals of ratios of sums, by drawing the windows they were made of again.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace splitwan::scenarios {

struct Interval {
  double value = 0, low = 0, high = 0;
};

// sum(of) / sum(per) over the same windows, drawn anew 1,000 times. A function of the seed.
Interval ratio_of_sums(std::span<const double> of, std::span<const double> per, std::uint64_t seed);

}  // namespace splitwan::scenarios
