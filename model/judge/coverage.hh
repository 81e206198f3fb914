// Whether 90 % intervals hold 90 % of runs on conditions and prompts that the fit never saw.
#pragma once

#include "model/judge/cross_validate.hh"

namespace splitwan::model {

struct Coverage {
  std::size_t runs = 0, inside = 0, below = 0, above = 0;  // a run's tokens/s against its interval
  void add(const Coverage&);
  double share() const { return static_cast<double>(inside) / static_cast<double>(runs); }
};
Json to_json(const Coverage&);

// The runs of a held-out group: step times from the model (fitted without the group), tokens per step from
// the other prompts of each run's class, in `others`.
Coverage cover(const LatencyModel&, const std::vector<Observation>& others,
               const std::vector<Observation>& held_out);

}  // namespace splitwan::model
