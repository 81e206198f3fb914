// `splitwan attack`: every attacker on every cut, depth and defence, for every seed.
#pragma once

#include "analysis/attacks/exam/jobs.hh"
#include "analysis/attacks/exam/options.hh"
#include "engine/text/tokenizer.hh"

namespace splitwan::attacks {

// With the names of all attackers there are.
Options read_options(const Json& scenario, const std::string& file);

// The result's JSON but for what the command knows ("compute"). When `stop` turns true it comes back early
// with the rows that are finished, and "partial": true.
Json run_suite(const Options&, const std::string& file, const Stop& stop, const Watch& watch);

// One entry per row but for its seed.
Json spread_of(const Json& rows);

// The tables that people read.
std::string tables(const Json& result);

}  // namespace splitwan::attacks
