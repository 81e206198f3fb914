// Tokens gained per step, as a distribution: over steps, and over prompts, which differ more than their steps
// tell.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "model/observe/observation.hh"
#include "model/path/random.hh"

namespace splitwan::model {

// The prompts of one class. A run's mean is taken as log-normal over prompts.
struct ClassAcceptance {
  std::string prompt_class;
  std::size_t prompts = 0, steps = 0;
  double tokens_per_step = 0;
  double log_mean = 0, log_spread = 0;  // of the prompts' mean tokens per step
};

struct Acceptance {
  std::vector<std::uint64_t> steps_by_tokens;  // [k]: steps that gained k tokens
  ClassAcceptance all;                         // every class together
  std::vector<ClassAcceptance> classes;

  double mean() const { return all.tokens_per_step; }
  // "": all of them. Throws Error naming the known classes when it is none of them.
  const ClassAcceptance& of(const std::string& prompt_class) const;
};

// One prompt's steps.
struct TokenSums {
  double tokens = 0, steps = 0;
  void add(const Observation& o) {
    tokens += o.accepted;
    ++steps;
  }
};
// A single prompt's spread: none where nothing is gained, else an assumed one.
ClassAcceptance summarise_prompts(const std::string& prompt_class,
                                  const std::map<std::string, TokenSums>& prompts);

// Decode steps of one drafter.
Acceptance describe_acceptance(std::span<const Observation>);

// A prompt nobody has seen: its mean tokens per step, 1 to `most`.
double draw_tokens_per_step(const ClassAcceptance&, double most, std::mt19937_64&);

// Whether what a drafter gains depends on the round-trip time: chi-square over the tokens gained (Pearson),
// prompts that were not run at every round-trip time left out.
struct IndependenceTest {
  std::string drafter;
  double statistic = 0, p_value = NAN;  // NaN: nothing could be compared
  int degrees = 0;
  std::size_t steps = 0;
};
std::vector<IndependenceTest> test_rtt_independence(const std::vector<Observation>&);

}  // namespace splitwan::model
