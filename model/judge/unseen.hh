// How a model fares on traces that it was not fitted to, cell by cell and group by group.
#pragma once

#include "model/fit/latency_model.hh"

namespace splitwan::model {

// {"test": [{group, cell, drafter, runs, steps, measured_s, standard_error_s, predicted_s, error, covered,
// covered_runs, warned, warnings, baselines {name: error}}],
//  "first_tokens": [{cell, prompt_rows, runs, measured_s, predicted_s, error, baselines}],
//  "test_groups": [{group, what, cells, runs, median, worst, coverage, baselines {name: {median, worst}}}],
//  "test_summary": {median, worst, n, coverage, of_medians, first_token {median, worst, n}, baselines}}
// A cell is one link (and pause, wire) and drafter; a run is covered when its mean step lies in the model's
// 90 % interval for the rows that it sent.
Json test_on(const LatencyModel&, const std::vector<Observation>& fitted,
             const std::vector<Observation>& other);

}  // namespace splitwan::model
