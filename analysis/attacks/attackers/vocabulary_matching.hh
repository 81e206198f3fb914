// matching.hh's search as an attacker: the rows in their order, or shuffled before it gets them.
#pragma once

#include "analysis/attacks/attackers/attacker.hh"
#include "analysis/attacks/attackers/matching.hh"

namespace splitwan::attacks {

std::unique_ptr<Attack> make_vocabulary_matching(Permutation, const Cell&, const Common&);
template <Permutation permutation>
std::unique_ptr<Attack> make_vocabulary_matching(const Cell& cell, const Common& common) {
  return make_vocabulary_matching(permutation, cell, common);
}
double vocabulary_matching_cost(const Cell&, const Common&);

}  // namespace splitwan::attacks
