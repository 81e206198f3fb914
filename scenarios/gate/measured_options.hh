// How a gate measures compute against another build.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace splitwan::scenarios {

struct MeasuredOptions {
  std::string against;          // a splitwan, or a build folder that has one; empty: nothing is measured
  std::size_t repetitions = 9;  // of each program at least; more where the power calculation asks for them
  double least_effect = 0.02;   // share: a change worth failing for
  double alpha = 0.05;          // chance of a false alarm where nothing differs
  double time_limit_s = 600;    // of measuring and counting together
  std::string instructions = "auto";  // none, auto (perf, else callgrind), perf, callgrind
  double least_instructions = 0.005;  // share: a change of a count worth failing for
  std::uint64_t seed = 1;             // of the intervals
};

// --against, --repetitions, --least-effect, --alpha, --time-limit, --instructions, --least-instructions
void add_measured_options(CLI::App&, MeasuredOptions&);

}  // namespace splitwan::scenarios
