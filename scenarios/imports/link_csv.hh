// Links over time as tables.
#pragma once

#include <string>

#include "netsim/link/link_spec.hh"

namespace splitwan::scenarios {

// Comma-separated, the columns named by the first line: time (s, ascending), and any of rate_mbps, delay_ms,
// loss (0 to below 1) and down (0 or 1). Each row is a change of the link as stated, one at time 0 its state
// from the start; an empty cell leaves what was. Lines that are blank or begin with # are skipped. Throws
// Error naming file and line; `link` is unchanged then.
void apply_csv(const std::string& path, netsim::LinkSpec& link);

}  // namespace splitwan::scenarios
