// The runs of several trace files, in order; also of those whose making was cut off, which is then said.
#pragma once

#include <string>
#include <vector>

#include "engine/party/trace.hh"

namespace splitwan::scenarios {

std::vector<engine::Run> read_traces(const std::vector<std::string>& paths);

}  // namespace splitwan::scenarios
