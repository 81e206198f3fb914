// One attacker on one cut for one target: a row of the result.
#pragma once

#include "analysis/attacks/attackers/learner.hh"
#include "analysis/attacks/suite/view.hh"

namespace splitwan::attacks {

struct Cell {
  const View* view = nullptr;
  Cut cut = Cut::input;
  Target target = Target::current;
  std::string attacker;

  // Filled as it runs.
  std::unique_ptr<Learner> learner;
  std::int64_t pairs = 0;
  std::uint64_t passes = 0;
  double seconds = 0;
  std::optional<Json> row;

  std::string label() const;
  bool searches() const;  // one document after the other, candidate by candidate
  bool learns() const;
};

// What all cells of a seed share.
struct Common {
  const Options& options;
  std::uint64_t seed = 1;
  TokenKinds kinds;
  std::vector<double> frequencies;
  std::vector<Text> calibration;
};

// Does the attacker have anything to say there? (A search recovers current tokens; and so on.)
bool applies(const std::string& attacker, const View&, Cut, Target);
// Of a learned attacker: how many pairs it is given, and its network.
void make_learner(Cell&, const Common&);
void learn(Cell&, const Pairs&, const Common&, const Stop&);
// Attacks the held-out documents and fills in the row.
void finish(Cell&, const Common&, const Stop&);
double weight_of(const Cell&, const Common&);  // expected time, about seconds of one core

}  // namespace splitwan::attacks
