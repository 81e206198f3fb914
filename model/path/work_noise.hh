// How steps' work departs from what is typical of it, as runs were measured: skewed, and neighbours hang
// together, so the mean of n steps is drawn from n that followed each other.
#pragma once

#include <algorithm>
#include <vector>

#include "model/path/random.hh"

namespace splitwan::model {

// Seconds by run, in the steps' order, about what the model predicts.
struct WorkNoise {
  std::vector<std::vector<double>> runs;  // none is empty

  bool none() const {
    return std::ranges::all_of(
        runs, [](auto& run) { return std::ranges::all_of(run, [](double s) { return s == 0; }); });
  }
  void scale(double by) {
    for (auto& run : runs)
      for (double& s : run) s *= by;
  }
};

// Departures from a place in the runs that `random` chooses on, round a run, then another's. Of no noise: 0.
class NoiseStream {
 public:
  NoiseStream() = default;
  explicit NoiseStream(const WorkNoise& of) : of_(of.none() ? nullptr : &of) {}

  double next(std::mt19937_64& random) {
    if (!of_) return 0;
    if (left_ == 0) {
      run_ = &of_->runs[below(random, of_->runs.size())];
      place_ = below(random, run_->size());
      left_ = run_->size();
    }
    --left_;
    return (*run_)[place_++ % run_->size()];
  }
  double mean(std::size_t steps, std::mt19937_64& random) {
    double sum = 0;
    for (std::size_t i = 0; i < steps; ++i) sum += next(random);
    return steps > 0 ? sum / static_cast<double>(steps) : 0;
  }

 private:
  static std::size_t below(std::mt19937_64& random, std::size_t n) {
    return static_cast<std::size_t>(uniform(random) * static_cast<double>(n));
  }
  const WorkNoise* of_ = nullptr;
  const std::vector<double>* run_ = nullptr;
  std::size_t place_ = 0, left_ = 0;
};

}  // namespace splitwan::model
