// The rest of the layers, the norm and the head, as the client would run them: what comes next.
#pragma once

#include "analysis/attacks/attackers/attacker.hh"

namespace splitwan::attacks {

std::unique_ptr<Attack> make_finish_the_model(const Cell&, const Common&);
double finish_the_model_cost(const Cell&, const Common&);

}  // namespace splitwan::attacks
