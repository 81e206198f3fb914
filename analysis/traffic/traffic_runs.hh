// Whole runs, told apart by what an observer sees of them.
#pragma once

#include "analysis/traffic/traffic_steps.hh"

namespace splitwan::analysis {

struct ToldApart {
  std::string what, from;  // "prompt class" or "drafter"; "sizes" or "sizes and timings"
  std::size_t runs = 0;
  double right = 0, chance = 0;  // shares; chance: always saying the commonest
};

// Nearest neighbour among the runs of other prompts, under one condition.
std::vector<ToldApart> tell_apart(const std::vector<Watched>&);

struct RunGuess {
  double prompt = 0, prompt_said = 0;                    // tokens
  double tokens = 0, tokens_said = 0, tokens_blind = 0;  // produced
};
// The prompt's length from its rows, less what was padded on average in runs of other prompts; tokens
// produced from the steps' guesses; blind: the mean of other prompts' runs.
std::vector<RunGuess> guess_runs(const std::vector<Watched>&, const std::vector<StepGuess>&);

}  // namespace splitwan::analysis
