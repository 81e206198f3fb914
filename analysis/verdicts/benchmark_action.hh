// A gate as github-action-benchmark reads it, which draws values over commits.
#pragma once

#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

// Arrays of {name, unit, value, range, extra}, one for each of that action's two tools: it takes all values
// of a file to be better one way. A row without a current value is left out.
struct BenchmarkFiles {
  std::string bigger, smaller;  // customBiggerIsBetter, customSmallerIsBetter
};
BenchmarkFiles benchmark_files(const GateResult&);

// Where they go: "out.json" makes "out.bigger.json" and "out.smaller.json".
struct BenchmarkPaths {
  std::string bigger, smaller;
};
BenchmarkPaths benchmark_paths(const std::string& file);

}  // namespace splitwan::analysis
