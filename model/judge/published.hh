// Published measurements of a split Mistral 7B over a real 78 ms path (arXiv 2602.16760), predicted from its
// sequential runs: by the published formula and by ours.
#pragma once

#include "model/observe/observation.hh"

namespace splitwan::model {

// The authors' JSON: {"runs": [{"mode", "category", "measured_tok_s", "num_steps", "acceptance_rate",
// "timing_decomposition": {"per_step_wall_ms", "network_rtt_mean_ms", "cloud_compute_mean_ms",
// "local_compute_ms"}}]}. Throws Error naming file and key.
struct PublishedRun {
  std::string mode, category;
  double tokens_per_s = 0, tokens_per_step = 0, steps = 0;
  double step_s = 0, network_s = 0, server_s = 0, client_s = 0;
};
std::vector<PublishedRun> read_published(const std::string& path);

// {fitted, assumptions, categories [{category, measured_tokens_per_s, formula_.., model_.., model_range}],
// mean_abs_error {formula, model}, closer}. The model knows the sequential runs, and that a row is 8,192
// bytes each way.
Json compare_published(const std::vector<PublishedRun>&);

}  // namespace splitwan::model
