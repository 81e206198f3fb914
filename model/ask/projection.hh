// What a drafter would give on a network nobody ran it on.
#pragma once

#include "model/fit/latency_model.hh"

namespace splitwan::model {

struct Point {
  Condition condition;
  std::string drafter;
  double tokens_per_s = 0;   // while decoding: tokens per step / seconds per step
  double low = 0, high = 0;  // 90 %: where a run of the fitted runs' length would land
  double tokens_per_step = 0;
  double step_s = 0;
  Components components;                   // of step_s
  double time_to_first_token_s = NAN;      // mean over the prompts; NaN where none was fitted
  double prompt_tokens = NAN;              // their mean
  double tokens = 0, answer_s = NAN;       // a whole answer: so many tokens, from the request to the last
  double p50_s = 0, p95_s = 0, p99_s = 0;  // between one step's tokens and the next's
  double bytes_per_token = 0;              // both ways
  double break_even =
      NAN;  // tokens per step that would make it as fast as sequential decoding; NaN without that
  std::vector<std::string> extrapolated;  // what lies outside the range fitted on, in words
};

// What a request is like; 0: as the fitted runs'.
struct Request {
  double prompt_tokens = 0, tokens = 0;
};

// Throws Error naming the known drafters when `drafter` is none of them. `prompt_class`: "" = any. The same
// seed gives the same interval. `worlds`: in which chance and noise are tried.
Point project(const LatencyModel&, const Condition&, const std::string& drafter,
              const std::string& prompt_class = "", std::uint64_t seed = 1, std::size_t worlds = 32,
              const Request& = {});
Json to_json(const Point&);

// The interval alone: 5 % and 95 % quantiles of the tokens/s of a run of `steps` steps (bootstrap through
// tokens per step, the answer's worlds, noise and the coefficients' own errors).
// `distance`: how far outside the fitted range, in e-foldings; it widens the interval.
struct Interval {
  double low = 0, high = 0;
};
Interval interval(const LatencyModel&, const DrafterModel&, const Answer&, const ClassAcceptance&,
                  std::size_t steps, double distance, std::uint64_t seed);

// The mean decode step of a run that sends these rows, and where it would lie, in seconds.
struct StepLanding {
  double mean_s = 0;
  Interval interval;
};
StepLanding step_landing(const LatencyModel&, std::span<const Observation> run);

// What of it lies outside the range fitted on, in words; and what vary() changed.
std::vector<std::string> outside(const LatencyModel&, const Condition&);

// What to assume when nothing is said: the rates that most runs had, and the median of their round-trip
// times.
Condition usual_condition(const LatencyModel&);

}  // namespace splitwan::model
