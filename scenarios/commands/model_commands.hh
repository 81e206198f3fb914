// fit, project, advise and report: what needs no model to run, so they answer at once.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "engine/party/trace.hh"

namespace splitwan::scenarios {

std::vector<engine::Run> read_traces(const std::vector<std::string>& paths);

void add_fit_command(CLI::App& app, std::function<int()>& chosen);
void add_projection_commands(CLI::App& app, std::function<int()>& chosen);  // project, advise

// Adds the subcommands; the one parsed puts its work into `chosen`, which returns the exit code.
void add_model_commands(CLI::App& app, std::function<int()>& chosen);

}  // namespace splitwan::scenarios
