// A baseline file taken to what runs are now.
#pragma once

#include "analysis/gate/baseline.hh"

namespace splitwan::scenarios {

// Puts the records in the file, which need not be there yet; other scenarios in it stay. Where a record is as
// it was but ran on another instruction set, that is added to the list. Whole or not at all, and one after
// the other where two update one file. Throws Error naming it.
void update_baseline(const std::string& path, const std::vector<analysis::ScenarioRecord>&);

}  // namespace splitwan::scenarios
