// What is left for an attacker of a system, and what is proved of it: once for each, whatever the link.
#pragma once

#include "scenarios/read/scenario.hh"
#include "scenarios/study/systems_study.hh"

namespace splitwan::scenarios {

// Throws Error where a system has a defence or a remedy that the attacks of this study do not know.
void check_attacked(const Scenario&, const std::string& where);

// {attack, attack_success, attack_success_ci90, attack_passes_per_token, epsilon (null: nothing is proved),
// parties, non_colluding, perplexity (null: as the model's own)}. attack null: nothing leaves the client.
Json system_leaks(const SystemsStudy&, const Scenario&, const Stop&);

}  // namespace splitwan::scenarios
