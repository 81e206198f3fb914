// Runs a gate's scenarios, each in a process of its own, and keeps what a gate compares.
#pragma once

#include <functional>

#include "analysis/gate/record.hh"

namespace splitwan::scenarios {

struct GateRunOptions {
  std::size_t at_once = 0;  // processes; 0: one a core
  std::function<bool()> stop = {};
  std::function<void(std::size_t done, std::size_t total, const std::string& what)> progress = {};
};

// The name of a scenario file that a gate can run. Throws Error naming the file: a study or validation,
// measured compute, a budget that it would spend.
std::string gate_scenario(const std::string& file);

// In their order, grouped, with fingerprints. Throws Error naming the file: a study or validation, measured
// compute, two of one name, a run that failed.
std::vector<analysis::ScenarioRecord> run_gate(const std::vector<std::string>& files, const GateRunOptions&);

}  // namespace splitwan::scenarios
