// The study: cells, baselines, calibrations; what is finished is kept, and not done again.
#pragma once

#include "scenarios/study/ground.hh"

namespace splitwan::scenarios {

// cells[] {mu, bits, width, mode, soft_prompt, epsilon, delta, perplexity, agreement, similarity,
// bits_per_token, attack, attack_success, attacks, time_to_first_token_s, ..}: scenarios/README.md.
// `earlier`: such a result of the same scenario, unfinished perhaps, or null. `partial` is true where `stop`
// ended it.
engine::Json run_del_study(const DelOptions&, const engine::Json& earlier, const Stop&, const StudyWatch&);

std::string del_tables(const engine::Json& result);

}  // namespace splitwan::scenarios
