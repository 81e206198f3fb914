// What the sizes and instants of messages tell about runs whose content nobody can read, against the truth in
// the trace, and what padding rows changes about that, at which price.
#pragma once

#include "model/observe/observation.hh"

namespace splitwan::analysis {

constexpr int traffic_schema_version = 1;

// {schema_version, kind, observer, rows: [{rtt_s, .., wire, pad_rows, drafter, runs, steps, prompt_exact,
// prompt_error, rows_exact, accepted_exact, accepted_exact_timed, accepted_exact_blind, tokens_error,
// tokens_error_blind, bytes_per_token, tokens_per_s, bytes_ratio, tokens_per_s_ratio}],
// told_apart: [{.., what, from, runs, right, chance}]}. Errors are mean absolute ones, in tokens; ratios are
// to the same drafter without padding. Throws Error when no run crossed a network.
engine::Json traffic(const model::Study&);

}  // namespace splitwan::analysis
