// The nearest (L2) of every token's state after the begin-of-text token.
#pragma once

#include "analysis/attacks/attackers/attacker.hh"

namespace splitwan::attacks {

std::unique_ptr<Attack> make_nearest_neighbour(const Cell&, const Common&);
double nearest_neighbour_cost(const Cell&, const Common&);

}  // namespace splitwan::attacks
