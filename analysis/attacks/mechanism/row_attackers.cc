#include "analysis/attacks/mechanism/row_attackers.hh"

#include <fmt/ranges.h>

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::attacks {

const std::vector<RowAttacker>& row_attackers() {
  static const std::vector<RowAttacker> all{
      {"cosine", "as published: the nearest decoded row of the vocabulary", true, false, make_cosine},
      {"ml", "the token of the highest likelihood, each row alone", false, false, make_ml},
      {"map_unigram", "likelihood and how often a token is written", false, false, make_map_unigram},
      {"map_lm", "the most probable text, the model as prior, by beam search", false, false, make_map_lm},
      {"posterior_lm", "each token's posterior, the model as prior, by particles", false, false,
       make_posterior_lm},
      {"sequence_inverter", "a network that learned from the mechanism's own draws", false, true,
       make_sequence_inverter}};
  return all;
}

const RowAttacker& row_attacker(std::string_view name) {
  const auto& all = row_attackers();
  const auto found = std::ranges::find(all, name, &RowAttacker::name);
  if (found != all.end()) return *found;
  std::vector<std::string_view> names;
  for (const RowAttacker& a : all) names.push_back(a.name);
  throw engine::Error("attackers: expected some of {}, found '{}'", fmt::join(names, ", "), name);
}

}  // namespace splitwan::attacks
