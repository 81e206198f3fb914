// What each decode step tells an observer who knows the program, and has labelled runs of other prompts
// beside him.
#pragma once

#include <string>

#include "analysis/traffic/traffic_view.hh"

namespace splitwan::analysis {

struct Watched {  // one run, and the truth about it
  std::string drafter, prompt, prompt_class;
  bool padded = false;
  SeenRun seen;
  std::vector<engine::Step> truth;  // as many as seen.steps
};

struct StepGuess {
  std::size_t run = 0, step = 0;  // of the watched; step 0 is the prompt
  int rows = 0, accepted = 0;     // the truth: rows that were no dummies, tokens gained
  int rows_said = 0;
  // Accepted, from sizes; from sizes and instants; without looking. Expected: from sizes, the mean.
  int by_size = 0, by_time = 0, blind = 0;
  double expected = 0;
};

// Of the decode steps of runs under one condition. Kept rows are read off the next request's size where
// nothing is padded; else, and for a run's last step, what was commonest in steps of this size of other
// prompts is said. By time: the step of another prompt with these sizes and the most similar pause after it.
std::vector<StepGuess> guess_steps(const std::vector<Watched>&);

}  // namespace splitwan::analysis
