// What `sweep` and `merge` say of cells that failed.
#pragma once

#include "scenarios/sweep/table.hh"

namespace splitwan::scenarios {

// [{cell, hash, factors, reason}]
Json failed_cells(const std::vector<CellResult>&);
// "2 failed: cell 3 (network.rtt=1ms): why; cell 9 ..", a line each, the first few.
std::string failed_lines(const std::vector<CellResult>&);

}  // namespace splitwan::scenarios
