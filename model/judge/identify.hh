// Terms that the runs could not tell, and the run that would.
#pragma once

#include "model/fit/latency_model.hh"

namespace splitwan::model {

struct Unidentified {
  std::string term, why, run;
};

std::vector<Unidentified> unidentified(const LatencyModel&);
Json to_json(const std::vector<Unidentified>&);

}  // namespace splitwan::model
