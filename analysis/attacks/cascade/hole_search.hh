// Tokens that a party does not see, found by trying: the model proposes what may stand there, the most
// probable sequence first, and each is compared with what was seen behind it. CandidateRows are branches of
// one tree, so that sequences share what they begin with.
#pragma once

#include <functional>
#include <vector>

#include "analysis/attacks/cascade/rows.hh"
#include "analysis/attacks/exam/stop.hh"

namespace splitwan::attacks {

// The tokens that the next one may be, where the party knows it or a few that it may be; any where it is
// empty.
using Step = std::vector<Token>;
// How far candidates are from what was seen: hidden rows [n, steps, width] at the layer, of the steps' tokens
// -> [n].
using Judge = std::function<at::Tensor(const at::Tensor& hidden)>;

struct Bridge {
  std::vector<Token> tokens = {};  // of the steps: those found, or else the nearest that were tried
  double distance = 0;
  bool found = false;        // within the tolerance
  std::uint64_t passes = 0;  // rows taken through layers: token forwards
};

class HoleSearch {
 public:
  HoleSearch(const Pieces&, int layer, Token first);

  // Tries until a sequence is within `tolerance` or `budget` rows were taken through. Throws Stopped.
  Bridge bridge(std::span<const Step>, const Judge&, double tolerance, std::uint64_t budget, const Stop&);
  // Goes on from what bridge() found nearest: at each place the whole vocabulary (or the few that it may be),
  // the other tokens held; then the nearest of all places together; in at most so many sweeps. For holes
  // of up to four open places; wider ones are left as they are. Adds to its passes. Throws Stopped.
  Bridge improve(Bridge from, std::span<const Step>, const Judge&, double tolerance, int sweeps, const Stop&);
  // Takes tokens for the truth from here on.
  void accept(std::span<const Token>);
  // What the model would put next, one after the other.
  std::vector<Token> continuation(int tokens) const;

  const at::Tensor& hidden() const { return hidden_; }  // of the accepted: [tokens, width] at the layer
  int accepted() const { return session_.committed(); }

 private:
  struct Node;
  class Tree;
  at::Tensor rows_of_sequences(std::span<const std::vector<Token>>);
  std::vector<double> judged(std::span<const std::vector<Token>>, const Judge&, Bridge& best, const Stop&);
  const Pieces& pieces_;
  int layer_;
  Session session_;
  std::vector<Token> tokens_;
  at::Tensor hidden_, next_;  // next_: ln P, [vocabulary]
};

}  // namespace splitwan::attacks
