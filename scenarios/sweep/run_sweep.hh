// A design's cells, run as many at once as there are cores; what is finished is kept as it comes.
#pragma once

#include <functional>

#include "scenarios/sweep/table.hh"

namespace splitwan::scenarios {

// Every N-th cell, from the I-th on.
struct Shard {
  std::size_t index = 1, of = 1;
  bool has(std::size_t cell) const { return cell % of == index - 1; }
};
Shard parse_shard(const std::string& text);  // "3/8"; throws Error

struct SweepOptions {
  std::string design;   // its file
  std::string journal;  // of finished cells; empty: none is kept
  Shard shard;
  std::size_t jobs = 0;  // at once; 0: as many as there are cores
  bool check = false;    // read every cell, run none
};

struct SweepResult {
  std::string name, scenario, design;  // design: the hash of all that its cells are
  std::vector<std::string> keys;
  std::size_t total = 0;          // cells of the whole design
  std::vector<CellResult> cells;  // of the shard, in order
  std::size_t ran = 0, known = 0, jobs = 1;
  bool stopped = false;  // then some of the cells have neither rows nor reason
};

struct SweepWatch {
  std::function<void(std::size_t done, std::size_t total, const std::string&)> progress;  // one at a time
  std::function<void(const std::string&)> remark;  // what a person should know before the first cell runs
  std::function<bool()> stop;
};

// Throws Error on the design's account, and where every cell is refused.
SweepResult run_sweep(const SweepOptions&, const SweepWatch&);

}  // namespace splitwan::scenarios
