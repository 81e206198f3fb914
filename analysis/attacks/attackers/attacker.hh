// What an attacker is. Every one has a row in named.cc and a file of its own.
#pragma once

#include <memory>

#include "analysis/attacks/exam/cell.hh"
#include "analysis/attacks/exam/stop.hh"

namespace splitwan::attacks {

// One attacker at work on one cell.
class Attack {
 public:
  Attack() = default;
  virtual ~Attack() = default;
  Attack(const Attack&) = delete;

  // Of one that learns: how many pairs in all, and the next of them. Throws Stopped.
  virtual std::int64_t pairs() const { return 0; }
  virtual void learn(const Pairs&, const Stop&) {}
  // Attacks one held-out document; `index` is its place among them. Throws Stopped.
  virtual Recovered recover(const Document&, std::size_t index, const Stop&) = 0;

  std::uint64_t passes() const { return passes_; }  // candidate rows taken through the layers so far

 protected:
  std::uint64_t passes_ = 0;
};

// Where it has anything to say. What the server gets says nothing of the next token, whoever attacks.
struct Where {
  bool current = true, next = true;  // targets
  bool defended = true;              // views
  bool holds(const View&, Cut, Target) const;
};

// What `cost` expects, in seconds of one core, orders the jobs and fills the progress line: no more. The
// rates in it were measured by `splitwan attack scenarios/attack.json --set threads=1` at depths 0, 2 and 5
// (demo model: 12 layers, width 128, 2,048 tokens; an AMD EPYC core of 2026): the `seconds` of its rows over
// what they were given.
struct Attacker {
  std::string_view name;
  bool control = false;           // guesses without activations, or learns from labels that say nothing
  bool learns = false;            // from pairs of activation and token, before it is asked
  bool searches = false;          // one document after the other, candidate by candidate: is given a few only
  bool against_defences = false;  // tried on defended models where the scenario names none
  Where where = {};
  double (*cost)(const Cell&, const Common&);
  std::unique_ptr<Attack> (*make)(const Cell&, const Common&);

  std::string_view kind() const;  // "control", "learned", "search" or "direct": what the result says of it
};

const std::vector<Attacker>& attackers();
const Attacker& attacker_named(std::string_view);  // throws Error with the names that there are
AttackerNames attacker_names();

}  // namespace splitwan::attacks
