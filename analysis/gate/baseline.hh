// The baseline that a gate compares with: a file that a person can read in a diff, a step a line.
#pragma once

#include "analysis/gate/record.hh"

namespace splitwan::analysis {

// In order of the scenarios' names.
struct Baseline {
  std::vector<ScenarioRecord> scenarios;
  const ScenarioRecord* find(const std::string& scenario) const;
  void put(ScenarioRecord);  // in the place of one of this name
};

constexpr int baseline_schema_version = 1;

std::string text_of(const Baseline&);
// Throws Error naming the file and key: truncated, malformed, of another schema version, metrics that its
// steps do not give.
Baseline read_baseline(const std::string& path);

// Keys of the fingerprint that differ, in order: "model: baseline 1a2b.., now 3c4d..". "instruction_sets"
// agree where they share one.
std::vector<std::string> fingerprint_differs(const Json& baseline, const Json& now);

}  // namespace splitwan::analysis
