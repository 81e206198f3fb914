// Counting by valgrind's callgrind: slow, repeatable to a few thousandths of a percent.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace splitwan::scenarios {

std::string valgrind_path();  // of the first in PATH; empty: none

// What callgrind's own command line is: `program` (a splitwan-engine) is counted while a conductor runs
// parties.
std::vector<std::string> callgrind_command(const std::vector<std::string>& command, const std::string& out);

// The instructions in a file that callgrind wrote. Throws Error naming it where it tells none.
std::uint64_t callgrind_total(const std::string& file);

// Runs it, its files in `folder`. Nothing: `stop` ended it. Throws Error naming the program.
std::optional<std::uint64_t> callgrind_count(const std::vector<std::string>& command,
                                             const std::string& folder, const std::function<bool()>& stop);

}  // namespace splitwan::scenarios
