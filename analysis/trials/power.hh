// What samples could have told: the smallest effect that they would have shown, and how many more it takes.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace splitwan::analysis {

struct TestSize {
  double alpha = 0.05;  // of this one test, two-sided
  double power = 0.8;   // chance of seeing an effect that is there
};

// How the values of one program scatter around each other: logarithms less their sample's median, of both.
std::vector<double> scatter_of(std::span<const double> ours, std::span<const double> theirs);

// After Noether (1987), JASA 82, 645: Mann and Whitney's test of n values on each side sees an effect with
// this power when sqrt(n) (P - 1/2) = z_(alpha/2) / sqrt(6) + z_power s, where P is the chance that a value
// with the effect is the larger one and s^2 / n the variance of its estimate. Both are counted from the
// scatter as it is: no law of the noise is supposed. (A small effect in normal noise takes the t-test's
// number times pi/3.) Effects are shares, 0.02: larger by 2 %. Infinity: none is seen.
double smallest_effect(std::span<const double> scatter, std::size_t each, const TestSize& = {});
// None where more than `most_repetitions` are needed.
std::optional<std::size_t> repetitions_for(std::span<const double> scatter, double effect,
                                           const TestSize& = {});

constexpr std::size_t most_repetitions = 1'000'000;

}  // namespace splitwan::analysis
