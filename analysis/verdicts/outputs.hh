// Where a gate's outputs go besides stdout.
#pragma once

#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

struct OutputsChosen {
  std::string junit, markdown, benchmark;  // files; empty: not asked for
  std::string html;                        // checked here, written by who has both sides
};

// Before the work: throws Error where one cannot be written, is one of `inputs`, or two are the same.
void check_outputs(const OutputsChosen&, const std::vector<std::string>& inputs = {});

// Each file whole or not at all. Besides, where GitHub's runner is at work: appends to the file that
// GITHUB_STEP_SUMMARY names, and with GITHUB_ACTIONS=true prints annotations to stderr, which the runner
// reads as well as stdout. A summary that cannot be written is told on stderr: nobody asked for it.
void write_outputs(const GateResult&, const OutputsChosen&);

}  // namespace splitwan::analysis
