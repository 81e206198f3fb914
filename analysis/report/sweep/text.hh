// The texts of a sweep's table, whichever form it has, and where each of them stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.hh"

namespace splitwan::analysis {

struct SweepRecord {
  std::size_t line;  // its first one, from 1
  std::vector<std::string> cells;
};

struct SweepText {
  std::string path;
  std::vector<std::string> names;
  std::vector<SweepRecord> records;
};

// RFC 4180: a header line; fields quoted where they hold commas, quotes or line ends.
SweepText read_sweep_csv(std::string_view text, const std::string& path);
// An object a line, all of the first one's keys; null reads as an empty field does.
SweepText read_sweep_lines(std::string_view text, const std::string& path);

// "FILE:LINE: column 'NAME': expected .., found .."
[[noreturn]] void refuse_cell(const std::string& path, std::size_t line, std::string_view column,
                              std::string_view expected, std::string_view found);

}  // namespace splitwan::analysis
