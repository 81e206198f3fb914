// Who attacks what a mechanism sends. To make one: a file beside this one and a row in row_attackers.cc.
#pragma once

#include "analysis/attacks/exam/metrics.hh"
#include "analysis/attacks/mechanism/scene.hh"

namespace splitwan::attacks {

struct AttackChoice {
  std::vector<std::string> attackers;  // empty: all that need not learn
  int beam = 8;                        // hypotheses of map_lm
  int shortlist = 128;  // behind layers: tokens tried after every hypothesis but the best, which meets all
  int particles = 16;   // of posterior_lm
  int passes = 6;       // of sequence_inverter over the attacker's texts, with fresh coins each
  int threads = 1;
};

class RowAttack {
 public:
  RowAttack() = default;
  virtual ~RowAttack() = default;
  RowAttack(const RowAttack&) = delete;
  // Of every row but the first, best first. Called from many threads. Throws Stopped.
  virtual Guesses recover(const Sent&, const Stop&) const = 0;
};

struct RowAttacker {
  std::string_view name, help;
  bool vectors = false;  // compares vectors: not of a mechanism that sends tokens
  bool learns = false;
  std::unique_ptr<RowAttack> (*make)(const Scene&, const AttackChoice&, const Stop&);
};

const std::vector<RowAttacker>& row_attackers();
const RowAttacker& row_attacker(std::string_view);  // throws Error with the names that there are

std::unique_ptr<RowAttack> make_cosine(const Scene&, const AttackChoice&, const Stop&);
std::unique_ptr<RowAttack> make_ml(const Scene&, const AttackChoice&, const Stop&);
std::unique_ptr<RowAttack> make_map_unigram(const Scene&, const AttackChoice&, const Stop&);
std::unique_ptr<RowAttack> make_map_lm(const Scene&, const AttackChoice&, const Stop&);
std::unique_ptr<RowAttack> make_posterior_lm(const Scene&, const AttackChoice&, const Stop&);
std::unique_ptr<RowAttack> make_sequence_inverter(const Scene&, const AttackChoice&, const Stop&);

}  // namespace splitwan::attacks
