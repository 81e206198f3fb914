// The most probable text given all rows, the model itself as the prior: exact but for what the beam drops.
#pragma once

#include "analysis/attacks/mechanism/predictions.hh"

namespace splitwan::attacks {

struct Hypothesis {
  Tokens tokens;
  double score = 0;  // ln P(tokens after the first) + the likelihoods' sum, but for rows' constants
};

// The `beam` best, best first. A hypothesis' score holds the likelihood of every row so far after its own
// tokens: behind layers a later row speaks of earlier tokens, too, and hypotheses that differ there are told
// apart by it. Throws Stopped.
std::vector<Hypothesis> beam_search(const Scene&, const Sent&, int beam, int shortlist, const Stop&);

}  // namespace splitwan::attacks
