// What pairs of values could have told: the smallest effect that they would have shown, and how many more it
// takes.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace splitwan::analysis {

struct TestSize {
  double alpha = 0.05;  // of this one test, two-sided
  double power = 0.8;   // chance of seeing an effect that is there
};

// Pairs as they scatter: logarithms, the difference between the two programs taken out.
struct Scatter {
  std::vector<double> ours, theirs;
};
Scatter scatter_of(std::span<const double> ours, std::span<const double> theirs);

// After Noether (1987), JASA 82, 645: with an effect, a value is larger than one without with probability P;
// n pairs show it in Mann and Whitney's U, its p taken over swaps, with this power when
//   P - 1/2 = s (z_(alpha/2) / sqrt(n - z_(alpha/2)^2) + z_power / sqrt(n)),
// where s is the spread of half the difference of a pair's ranks, as a share: the less, the more the two have
// in common. P and s are counted from the scatter as it is: no law of the noise is supposed. (A small effect
// in independent normal noise takes the t-test's number times pi/3.) Effects are shares, 0.02: larger by 2 %.
// Infinity: none is seen.
double smallest_effect(const Scatter&, std::size_t pairs, const TestSize& = {});
// None where more than `most_repetitions` are needed.
std::optional<std::size_t> repetitions_for(const Scatter&, double effect, const TestSize& = {});

constexpr std::size_t most_repetitions = 1'000'000;

}  // namespace splitwan::analysis
