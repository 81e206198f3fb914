// `splitwan attack`.
#pragma once

#include "scenarios/commands/commands.hh"

namespace splitwan::scenarios {

void add_attack_command(CLI::App&, Chosen&);

}  // namespace splitwan::scenarios
