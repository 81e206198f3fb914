// `splitwan run` where no model is needed; what needs one is handed on.
#pragma once

#include "scenarios/commands/commands.hh"

namespace splitwan::scenarios {

void add_study_command(CLI::App&, Chosen&, std::function<int()> hand_on);

}  // namespace splitwan::scenarios
