// What the two exact attacks need of a cell.
#pragma once

#include "analysis/attacks/attackers/matching.hh"
#include "analysis/attacks/exam/cell.hh"

namespace splitwan::attacks {

// The distance (L1 or L2) within which a candidate is taken at once: the 99th percentile of the right
// candidate's, over texts that the attacker chose himself. 0, the nearest of the whole vocabulary, where a
// wrong candidate was met within that.
double calibrate(const View&, Cut, int norm, std::span<const Text>);

Search search_in(const Cell&, double threshold);
Recovered recovered(const Found&);
// Of the documents that a search is given, in seconds; `each` is one token's through one layer.
double search_cost(const Cell&, const Common&, double each);

}  // namespace splitwan::attacks
