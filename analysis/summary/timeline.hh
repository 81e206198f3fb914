// A trace as Chrome's trace events, which Perfetto (ui.perfetto.dev) and chrome://tracing draw: a process per
// run, a track per party, messages as arrows and as tracks of their own, congestion windows as counters.
#pragma once

#include "engine/party/trace.hh"

namespace splitwan::analysis {

// {"traceEvents": [..], "displayTimeUnit": "ms"}; times in microseconds of the parties' clock, which in
// virtual time is one.
engine::Json timeline(const std::vector<engine::Run>&);

}  // namespace splitwan::analysis
