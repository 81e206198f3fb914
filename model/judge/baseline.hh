// What simpler formulas make of the same traces: whoever does better than these has earned his complexity.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/observe/observation.hh"

namespace splitwan::model {

// What is known beforehand of a cell's decode steps: means.
struct Expected {
  Condition condition;
  std::string drafter;
  double rows = 1, bytes_up = 0, bytes_down = 0;
};
Expected expected_of(std::span<const Observation* const>);

class Baselines {
 public:
  explicit Baselines(const std::vector<Observation>&);
  // Seconds of the mean decode step:
  //   published       RTT + a constant per drafter (arXiv 2602.16760)
  //   rtt             RTT + one constant
  //   rtt_bytes       RTT + bytes / rate both ways + one constant
  //   linear          least squares in RTT and rows
  //   nearest         what the nearest measured cell took, by logarithms of RTT, rates and rows
  std::map<std::string, double> step_s(const Expected&) const;

 private:
  struct Mean {
    double sum = 0, count = 0;
    void add(double x) { sum += x, ++count; }
    double value() const { return count > 0 ? sum / count : 0; }
  };
  struct Cell {
    Expected at;
    Mean step;
  };
  std::map<std::string, Mean> by_drafter_;  // of step less round-trip time
  Mean less_rtt_, less_bytes_;
  double linear_[3] = {0, 1, 0};  // constant, per RTT, per row
  std::vector<Cell> cells_;
};

}  // namespace splitwan::model
