// Whether the model of sharded tokens knows round trips and numbers of shards that it never saw.
#pragma once

#include <functional>

#include "model/fit/cascade_model.hh"

namespace splitwan::model {

// Simpler formulas for the mean decode step, fitted to the same runs. A step has a round trip per layer among
// the nodes, and one to the client:
//   rtt         round trips x RTT + one constant
//   rtt_bytes   and the largest message of each way and layer over the rate
//   linear      least squares in RTT, rows and shards
class CascadeBaselines {
 public:
  explicit CascadeBaselines(const std::vector<const ShardedRun*>&);
  std::map<std::string, double> step_s(const ShardedRun&) const;

 private:
  double less_rtt_ = 0, less_bytes_ = 0, linear_[4] = {};
};

// Errors are signed: predicted / measured - 1.
struct CascadeFold {
  std::string held_out;
  int alpha = 0, cluster = 0;
  double rows = 0;
  Condition condition = {};
  double predicted_s = 0, measured_s = 0, error = 0;
  std::map<std::string, double> baselines = {};
  bool extrapolated = false;  // the least or the largest of what was varied
};

using ShardGroupOf = std::function<double(const ShardedRun&)>;
// Each value in turn is left out of the fit, and its runs predicted.
std::vector<CascadeFold> hold_out(const std::vector<ShardedRun>&, const std::string& name,
                                  const ShardGroupOf&);

// {"folds": {"rtt": {median, worst, n, baselines {..}}, "alpha": {.., inner alphas}, "alpha_outer": {..}},
//  "cross_validation": [each fold]}
Json validate(const std::vector<ShardedRun>&,
              const std::function<void(std::size_t, std::size_t, const std::string&)>&);

}  // namespace splitwan::model
