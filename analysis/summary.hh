// What a trace amounts to, per network condition and drafter.
#pragma once

#include "engine/trace.hh"

namespace splitwan::analysis {

constexpr int summary_schema_version = 1;

// {schema_version, kind, compute, results: [{rtt_s, ..., drafter, runs, steps, tokens, tokens_per_s, ...}]}.
// Rates and `step` count decode steps only; `tokens`, bytes and round trips count prompts too. A figure that
// the runs do not have (no decode step, no guess) is null.
engine::Json summarise(const std::vector<engine::Run>&);

}  // namespace splitwan::analysis
