// What an attack must beat: guesses that need no activations.
#pragma once

#include "analysis/attacks/attackers/attacker.hh"

namespace splitwan::attacks {

std::unique_ptr<Attack> make_uniform(const Cell&, const Common&);
// The most frequent tokens of the attacker's text, always.
std::unique_ptr<Attack> make_unigram(const Cell&, const Common&);
// Every token from those before it, which this control is told.
std::unique_ptr<Attack> make_language_model(const Cell&, const Common&);
double control_cost(const Cell&, const Common&);

}  // namespace splitwan::attacks
