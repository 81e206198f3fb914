// What `splitwan sweep DESIGN -o` wrote, read strictly: a row for each result of each cell.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace splitwan::analysis {

// Of numbers, some perhaps not there; or of words.
struct SweepColumn {
  std::string name;
  bool numeric = false;
  std::vector<std::string> words;
  std::vector<std::optional<double>> numbers;
};

struct SweepTable {
  std::string path;
  std::size_t rows = 0;
  std::vector<std::string> factors;  // columns that the design sets, always of words
  std::vector<SweepColumn> columns;  // all but cell, hash, status and reason
  std::vector<std::string> cells, reasons;
  std::vector<bool> failed;

  const SweepColumn* find(const std::string& name) const;
};

// Throws Error naming file, line and column.
SweepTable read_sweep(const std::string& path);

// The whole text as a finite number.
std::optional<double> finite_number(const std::string& text);

}  // namespace splitwan::analysis
