// Everything that a fit says about its own worth.
#pragma once

#include "model/fit/latency_model.hh"

namespace splitwan::model {

// {folds {rtt, bandwidth, condition, prompt_class, drafter: {median, worst, n}}, baseline_folds and
// tokens_per_s_folds likewise, lossy_folds, coverage_90, coverage_runs, residual_test, acceptance_test,
// unidentified, cross_validation {by_rtt, ..: every fold}}. Errors of folds are of the mean step time. Where
// links lose packets by chance, so is the mean of a few runs: such conditions have lossy_folds of their own
// (unless the traces hold no others), but a part in every fit and in the coverage. `progress(done, total,
// what)`.
using OnProgress = std::function<void(std::size_t, std::size_t, const std::string&)>;
Json validate(const LatencyModel&, const std::vector<Observation>&, const OnProgress& = {});

}  // namespace splitwan::model
