// What `splitwan run` does with runs once it has them, whatever made them. No torch.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "engine/party/trace_writer.hh"

namespace splitwan::scenarios {

struct RunOptions {
  std::string scenario, output;
  std::vector<std::string> overrides;
  bool json = false, check = false, check_determinism = false;
};
void add_run_options(CLI::App& command, RunOptions&);

// Makes the runs, each of which the writer is told of once it is finished; writes the trace, prints the
// summary; with check_determinism makes them twice and compares. Returns the exit code.
using MakeRuns = std::function<std::vector<engine::Run>(engine::TraceWriter&)>;
int run_and_report(const RunOptions&, const MakeRuns&);

// Of what an earlier call left where this one writes, a word on stderr.
void name_earlier(const engine::TraceWriter&);

// Reads each cell of the scenario's sweep and runs none: says which are refused. Returns the exit code.
int check_cells(const RunOptions&, const std::function<void(const engine::Json& cell)>& read);

// The first line in which two traces differ: "line 7: A | B". Empty when they are the same.
std::string first_difference(const std::vector<engine::Run>&, const std::vector<engine::Run>&);

}  // namespace splitwan::scenarios
