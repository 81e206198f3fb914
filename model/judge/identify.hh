// Terms that the runs could not tell, and the run that would.
#pragma once

#include "model/fit/latency_model.hh"

namespace splitwan::model {

struct Unidentified {
  std::string term, why, run;
};

// `observations`: what it was fitted to. Only where none of them sent a segment again is it said that nothing
// was lost.
std::vector<Unidentified> unidentified(const LatencyModel&, const std::vector<Observation>& observations);
Json to_json(const std::vector<Unidentified>&);

}  // namespace splitwan::model
