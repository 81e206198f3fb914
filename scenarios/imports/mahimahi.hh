// Packet-delivery traces of Mahimahi (mm-link).
#pragma once

#include <string>
#include <vector>

#include "netsim/link/link_spec.hh"

namespace splitwan::scenarios {

// For LinkSpec::opportunities. One whole number of milliseconds a line, none before the last, the last above
// 0. Throws Error naming file and line.
std::vector<netsim::LinkTime> read_mahimahi(const std::string& path);

}  // namespace splitwan::scenarios
