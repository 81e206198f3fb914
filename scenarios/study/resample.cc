#include "scenarios/study/resample.hh"

#include <algorithm>
#include <numeric>
#include <random>

namespace splitwan::scenarios {

Interval ratio_of_sums(std::span<const double> of, std::span<const double> per, std::uint64_t seed) {
  constexpr int times = 1000;
  const auto sum = [](std::span<const double> x) { return std::accumulate(x.begin(), x.end(), 0.0); };
  std::mt19937_64 random(seed);
  std::vector<double> ratios(times);
  for (double& ratio : ratios) {
    double top = 0, bottom = 0;
    for (std::size_t i = 0; i < of.size(); ++i) {
      const std::size_t window = random() % of.size();
      top += of[window], bottom += per[window];
    }
    ratio = top / bottom;
  }
  std::ranges::sort(ratios);
  return {sum(of) / sum(per), ratios[times / 20], ratios[times - 1 - times / 20]};
}

}  // namespace splitwan::scenarios
