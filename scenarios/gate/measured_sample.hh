// What one run of a scenario computed, as one number that other people's processes change little.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/party/trace.hh"

namespace splitwan::scenarios {

struct ComputeSample {
  double per_token_s = 0;                  // of decoding, all parties, a token gained
  std::map<engine::Phase, double> phases;  // that it is the sum of
  std::size_t jobs = 0, tokens = 0;
};

// Jobs alike (drafter, party, phase, rows) count as often as they were done, each as long as the fastest
// tenth of them took at most: whatever else the machine does makes a job longer, never shorter. Prompts are
// left out: few jobs, whose tenth is a single one. Throws Error naming `where` when nothing was decoded.
ComputeSample compute_sample(const std::vector<engine::Run>&, const std::string& where);

}  // namespace splitwan::scenarios
