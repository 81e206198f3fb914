// `splitwan link`: two network namespaces joined by an emulated link, for any program that speaks TCP.
#pragma once

#include "scenarios/commands/commands.hh"

namespace splitwan::scenarios {

void add_link_command(CLI::App&, Chosen&);

}  // namespace splitwan::scenarios
