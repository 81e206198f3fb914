// Questions asked backwards: what a rate of tokens needs, and which choice gives most of them.
#pragma once

#include "model/projection.hh"
#include "model/variant.hh"

namespace splitwan::model {

// What one drafter needs for `tokens_per_s`, each alone with the rest as the condition has it. NaN: no value
// is enough.
struct Need {
  std::string drafter;
  double tokens_per_s = 0;     // as things are
  double longest_rtt_s = NAN;  // at most this round-trip time
  double least_bps = NAN;      // at least this rate, both ways
  double least_tokens_per_step = NAN;
};
Need what_it_takes(const LatencyModel&, const Condition&, const std::string& drafter, double tokens_per_s);
Json to_json(const Need&);

struct Choice {
  Variant variant;
  Point point;
};
// Every split (1+1 to 8+8 layers), wire precision, width and fitted drafter over a link, best first. What the
// model's traces do not tell about (no geometry, no plan) is not varied.
std::vector<Choice> advise(const LatencyModel&, const Condition&, std::vector<std::string>& assumptions);
Json to_json(const Choice&);

}  // namespace splitwan::model
