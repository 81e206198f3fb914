// What a drafter would give on a network nobody ran it on.
#pragma once

#include "model/latency_model.hh"

namespace splitwan::model {

struct Point {
  Condition condition;
  std::string drafter;
  double tokens_per_s = 0;   // while decoding: tokens per step / seconds per step
  double low = 0, high = 0;  // 90 %: where a run of the fitted runs' length would land
  double tokens_per_step = 0;
  double step_s = 0;
  Components components;      // of step_s
  bool extrapolated = false;  // outside the round-trip times or rates fitted on
};

// Throws Error naming the known drafters when `drafter` is none of them. The same seed gives the same
// interval.
Point project(const LatencyModel&, const Condition&, const std::string& drafter, std::uint64_t seed = 1);
Json to_json(const Point&);

// What to assume when nothing is said: the rates that most runs had, and the median of their round-trip
// times.
Condition usual_condition(const LatencyModel&);

}  // namespace splitwan::model
