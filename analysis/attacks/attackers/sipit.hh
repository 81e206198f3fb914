// SipIt (arXiv 2510.15511, algorithm 1): position by position, the token whose state lies within an L2 ball
// of the one seen. The gradient of the distance with respect to a continuous input says which tokens to try
// first.
#pragma once

#include "analysis/attacks/attackers/attacker.hh"
#include "analysis/attacks/attackers/matching.hh"
#include "analysis/attacks/exam/smooth.hh"

namespace splitwan::attacks {

class SipIt {
 public:
  // `search.threshold`: the ball's radius.
  explicit SipIt(const Search& search);
  Found recover(const Seen&, const Stop&) const;

 private:
  struct Proxy;
  Search search_;
  const SmoothModel& smooth_;
};

std::unique_ptr<Attack> make_sipit(const Cell&, const Common&);
double sipit_cost(const Cell&, const Common&);

}  // namespace splitwan::attacks
