// How real machines' jobs vary about their typical time, as recorded: what makes stated costs uncertain
// again.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "netsim/time/cost_source.hh"

namespace splitwan::netsim {

struct ComputeNoise {
  std::string name;                                     // the file's, without folder
  std::map<engine::Phase, std::vector<double>> ratios;  // duration over the median, of consecutive jobs
};

// JSON: {"note", "source", "phases": {"head": [1.02, 0.98, ..], ..}}. Phases left out do not vary.
// Throws Error naming file and key.
ComputeNoise read_compute_noise(const std::string& path);

// Each phase's jobs take the recorded ratios in their order, from a place that `seed` chooses, round and
// round.
CostSource noisy_cost(CostSource, const ComputeNoise&, std::uint64_t seed);

}  // namespace splitwan::netsim
