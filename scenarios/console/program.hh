// What every command line of ours does alike.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace splitwan::scenarios {

using Chosen = std::function<int()>;  // what the parsed subcommand runs; returns the exit code

// Parses, runs, and turns every failure into one line on stderr and an exit code (see --help).
int run_program(CLI::App&, Chosen&, int argc, char** argv);

constexpr auto exit_codes_help =
    "Exit codes: 0 ok; 1 the check said no; 2 usage, input or I/O trouble, also a peer or simulator that is "
    "lost;\n"
    "3 inconclusive; 128+n ended by signal n. Results go to stdout, progress to stderr.";

}  // namespace splitwan::scenarios
