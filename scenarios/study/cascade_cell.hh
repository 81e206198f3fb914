// One cell of the Cascade study: prompts over one network with one drafter, beside local decoding.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>

#include "scenarios/run/run_scenario.hh"
#include "scenarios/study/study_jobs.hh"

namespace splitwan::scenarios {

// What local decoding writes after each prompt, and what it chose from: by prompt.
class LocalTexts {
 public:
  struct Text {
    std::vector<engine::Token> tokens;
    std::vector<at::Tensor> logits;  // that each was chosen from
  };
  const Text& of(const Scenario& sharded, Resources&, const Prompt&, std::span<const engine::Token> ids);

 private:
  std::map<std::string, Text> texts_;
};

// Below this distance of the best two logits another order of sums may choose another token.
constexpr double close_call = 2e-4;

// The scenario has one drafter.
Json cascade_cell(const Scenario&, Resources&, LocalTexts&, const Stop&);

}  // namespace splitwan::scenarios
