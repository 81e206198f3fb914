// How strong a mechanism must be for an attack to find so much: a bisection over its mu (or epsilon).
#pragma once

#include "analysis/attacks/mechanism/attack_rows.hh"

namespace splitwan::attacks {

struct StrengthGoal {
  double success = 0.1;    // share of tokens found
  double tolerance = 0.1;  // of that share
  std::string by;          // an attacker's name ("cosine": as published); empty: whoever finds most
  double low = 1e-2, high = 1e4;
  int rounds = 24;  // at most
};

struct Calibrated {
  double strength = 0;  // the one that came closest
  double success = 0;
  int rounds = 0;   // strengths tried
  std::string why;  // the goal was not met; empty: it was
  bool met() const { return why.empty(); }
};

// `success` grows with the strength but for little: the first strength that is near enough, halving on a log
// scale. At both ends first, so that what is out of reach is told.
Calibrated bisect(const StrengthGoal&, const std::function<double(double strength)>& success);

struct Calibration {
  Calibrated at;
  std::vector<AttackResult> attacks;  // all that were chosen, at that strength
};

// The same coins in every round. The strongest of several is chosen on the texts it is measured on: with
// few texts its figure is a little high. Throws Stopped, and Error.
Calibration calibrate(MechanismView, std::span<const Text> documents, const AttackChoice&,
                      const StrengthGoal&, const Stop&);

}  // namespace splitwan::attacks
