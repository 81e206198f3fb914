// The subcommands. Each adds itself to the command line; the chosen one leaves what to run in `chosen`, which
// returns the exit code.
#pragma once

#include "scenarios/console/program.hh"

namespace splitwan::scenarios {

void add_run_command(CLI::App&, Chosen&);
void add_generate_command(CLI::App&, Chosen&);
void add_serve_command(CLI::App&, Chosen&);
void add_export_command(CLI::App&, Chosen&);
void add_bench_command(CLI::App&, Chosen&);
void add_verify_command(CLI::App&, Chosen&);

}  // namespace splitwan::scenarios
