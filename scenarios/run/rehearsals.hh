// Drafters that a scenario does not name, tried on the texts that its runs make.
#pragma once

#include <set>

#include "scenarios/run/run_scenario.hh"

namespace splitwan::scenarios {

// Each text once: it is the same over every link and with every drafter.
class Rehearsals {
 public:
  // Into the run's `end`. Nothing where the scenario says so, or rows are padded (widths are not the
  // drafter's).
  void add_to(engine::Run&, const Scenario&, Resources&, const Prompt&, std::span<const engine::Token> ids);

 private:
  std::set<std::string> done_;
};

}  // namespace splitwan::scenarios
