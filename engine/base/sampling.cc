#include "engine/base/sampling.hh"

#include "engine/base/error.hh"

namespace splitwan::engine {

void check(const Sampling& s) {
  const auto must = [](bool holds, const char* name, double found, const char* expected) {
    if (!holds) throw Error("{} {}: expected {}", name, found, expected);
  };
  // Below these bounds scores would overflow, and the first token would win whatever the model says.
  must(s.temperature == 0 || (s.temperature >= 1e-6 && s.temperature <= 100), "temperature", s.temperature,
       "0 (greedy) to 100, of those above 0 at least 1e-6");
  must(s.top_k >= 0, "top_k", s.top_k, "0 (all) or more");
  must(s.top_p > 0 && s.top_p <= 1, "top_p", s.top_p, "above 0, at most 1");
  must(s.min_p >= 0 && s.min_p <= 1, "min_p", s.min_p, "0 to 1");
  must(s.repetition_penalty >= 1e-2 && s.repetition_penalty <= 100, "repetition_penalty",
       s.repetition_penalty, "0.01 to 100 (1 = none)");
}

}  // namespace splitwan::engine
