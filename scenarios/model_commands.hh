// fit, project and report: what needs no model to run, so they answer at once.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace splitwan::scenarios {

// Adds the subcommands; the one parsed puts its work into `chosen`, which returns the exit code.
void add_model_commands(CLI::App& app, std::function<int()>& chosen);

}  // namespace splitwan::scenarios
