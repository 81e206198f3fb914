// The traffic of split inference, measured over kernel TCP on an emulated link: what the simulator is checked
// with.
#pragma once

#include <string>
#include <vector>

#include "netsim/kernel/running_link.hh"

namespace splitwan::netsim {

struct PatternResult {
  std::string pattern;            // pingpong_8k, upload_64k_first, .. as run_kernel_patterns names them
  std::vector<double> samples_s;  // until the answer is there, in order
  double seconds = 0;             // their median
  double lateness_s = 0;          // the link's own, mean while this pattern ran
  std::uint32_t window = 0;       // sender's congestion window in segments as the last sample began
  double timeout_s = 0;           // the sender's retransmission timeout before it
};

// pingpong_8k; upload_64k_first, _warm; upload_800k_first, _warm, _idle (2 s); decay_140k, decay_800k. An
// upload is answered by 8 bytes. First: on a new connection; warm: right behind the first. Needs root.
std::vector<PatternResult> run_kernel_patterns(const LinkPair&, std::uint64_t seed);

}  // namespace splitwan::netsim
