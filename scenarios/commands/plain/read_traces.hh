// The runs of several trace files, in order.
#pragma once

#include <string>
#include <vector>

#include "engine/party/trace.hh"

namespace splitwan::scenarios {

std::vector<engine::Run> read_traces(const std::vector<std::string>& paths);

}  // namespace splitwan::scenarios
