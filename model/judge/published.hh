// Published measurements of a split Mistral 7B over a real 78 ms path (arXiv 2602.16760), predicted from its
// sequential runs: by the published formula and by ours.
#pragma once

#include "model/observe/observation.hh"

namespace splitwan::model {

// The authors' JSON: {"runs": [{"mode", "category", "measured_tok_s", "num_steps", "acceptance_rate",
// "timing_decomposition": {"per_step_wall_ms", "network_rtt_mean_ms", "network_rtt_median_ms",
// "cloud_compute_mean_ms", "local_compute_ms"}}]}. Throws Error naming file and key.
struct PublishedRun {
  std::string mode, category;
  double tokens_per_s = 0, tokens_per_step = 0, steps = 0;
  double step_s = 0, network_s = 0, network_median_s = 0, server_s = 0, client_s = 0;
};
std::vector<PublishedRun> read_published(const std::string& path);

// {fitted, assumptions, categories [{category, measured_tokens_per_s, formula_.., model_range}], mixes
// [{wide_every, rate_bps, mean_abs_error (of tokens/s), network_error and network_median_error (mean,
// signed), possible}], possible_mixes, closer_mixes, mean_abs_error {formula, model_range}, closer}. The
// model knows the sequential runs, and that a row is 8,192 bytes each way; a mix of narrow and wide steps and
// a rate are possible where the medians of network time say so. `closer`: than the formula in every possible
// mix.
Json compare_published(const std::vector<PublishedRun>&);

}  // namespace splitwan::model
