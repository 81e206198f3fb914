// How far a training run is, on stderr: one redrawn line on a terminal, otherwise a line each ten seconds.
#pragma once

#include <chrono>

#include "scenarios/train/state.hh"

namespace splitwan::scenarios {

class TrainProgress {
 public:
  explicit TrainProgress(std::int64_t steps);
  void show(const TrainState&, double rate);  // rate: of learning
  void clear();                               // before other lines are written
  double tokens_per_s() const { return tokens_per_s_; }

 private:
  using Instant = std::chrono::steady_clock::time_point;
  std::int64_t steps_, begin_tokens_ = -1;
  bool terminal_;
  Instant begin_, shown_;
  double tokens_per_s_ = 0;
};

}  // namespace splitwan::scenarios
