// A shard's results in a file, and several shards' together.
#pragma once

#include "scenarios/sweep/run_sweep.hh"

namespace splitwan::scenarios {

// JSON lines: what it is of, a line per cell, an end.
std::string shard_text(const SweepResult&, const Shard&);

struct Merged {
  std::string name, design;
  std::vector<std::string> keys;
  std::size_t total = 0;          // cells of the whole design
  std::size_t of = 0;             // shards
  std::vector<CellResult> cells;  // in order
  // What is wrong, by name.
  std::vector<std::size_t> lost;  // shards of which no file was given
  std::vector<std::pair<std::size_t, std::vector<std::string>>> repeated;  // shard, its files
  std::vector<std::string> foreign;     // files of another design, or of another number of shards
  std::vector<std::string> incomplete;  // files that have no end
  bool whole() const { return lost.empty() && repeated.empty() && foreign.empty() && incomplete.empty(); }
  std::string trouble() const;  // in words
};

// What most of the files are shards of; others are foreign. Of a repeated shard the first file counts. Throws
// Error where a file cannot be read or is no shard, and where two files disagree about a cell.
Merged merge_shards(const std::vector<std::string>& files);

}  // namespace splitwan::scenarios
