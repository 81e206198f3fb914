// A question asked backwards: what a rate of tokens needs.
#pragma once

#include "model/ask/projection.hh"

namespace splitwan::model {

// What one drafter needs for `tokens_per_s`, each alone with the rest as the condition has it. NaN: no value
// is enough.
struct Need {
  std::string drafter;
  double tokens_per_s = 0;     // as things are
  double longest_rtt_s = NAN;  // at most this round-trip time
  double least_bps = NAN;      // at least this rate, both ways
  double least_tokens_per_step = NAN;
  std::vector<std::string> extrapolated = {};  // which of the answers lie outside what was fitted, in words
};
// All round-trip times up to the longest are good enough, and all rates from the least on. `prompt_class`: ""
// = any.
Need what_it_takes(const LatencyModel&, const Condition&, const std::string& drafter, double tokens_per_s,
                   const std::string& prompt_class = "");
Json to_json(const Need&);

}  // namespace splitwan::model
