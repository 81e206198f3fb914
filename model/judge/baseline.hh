// The published model of a step (arXiv 2602.16760): tokens/s = acceptance / (RTT + constant), one constant
// per drafter.
#pragma once

#include <map>

#include "model/observe/observation.hh"

namespace splitwan::model {

class Baseline {
 public:
  explicit Baseline(const std::vector<Observation>&);
  double step_s(const Condition&, const std::string& drafter) const;

 private:
  struct Mean {
    double sum = 0, count = 0;
  };
  std::map<std::string, Mean> constants_;  // mean of step less round-trip time
  Mean all_;                               // for drafters not seen
};

}  // namespace splitwan::model
