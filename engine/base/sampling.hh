// How the next token is chosen among the model's logits, as a person states it.
#pragma once

#include <cstdint>

namespace splitwan::engine {

struct Sampling {
  double temperature = 0;         // 0: the most likely token
  int top_k = 0;                  // the k most likely; 0: all
  double top_p = 1;               // the fewest that hold this probability together (Holtzman et al. 2019)
  double min_p = 0;               // those with at least this share of the most likely one's probability
  double repetition_penalty = 1;  // on every token of the path, prompt included (Keskar et al. 2019)
  std::uint64_t seed = 1;
  bool greedy() const { return temperature <= 0; }
};

// Throws Error naming the value out of range.
void check(const Sampling&);

}  // namespace splitwan::engine
