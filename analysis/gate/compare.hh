// Records now against those of a baseline: the verdict on virtual time, exact.
#pragma once

#include "analysis/gate/baseline.hh"
#include "analysis/gate/records.hh"
#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

// Of a metric, by how much it may be worse: a share of the baseline, 0 or above.
class Allowances {
 public:
  // "tokens_per_s=-1%" or "bytes_per_token=+0.5%". Throws Error on an unknown metric, another form, or a
  // change for the better.
  void add(const std::string& text);
  double of(const std::string& metric) const;

 private:
  std::map<std::string, double> shares_;
};

// Throws Error naming `file` and the scenarios that it has.
const ScenarioRecord& in_baseline(const Baseline&, const std::string& scenario, const std::string& file);

// `now` grouped. Each scenario must be in the baseline: throws Error naming `file` and those that are.
GateResult compare(const Baseline&, const std::vector<ScenarioRecord>& now, const Allowances&,
                   const std::string& file);

// Of all rows: regressed, else inconclusive, else improved, else pass; of none: inconclusive.
Verdict worst_of(const std::vector<GateRow>&);

}  // namespace splitwan::analysis
