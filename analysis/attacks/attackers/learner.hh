// Training a network on pairs of (activation, token), and asking it.
#pragma once

#include <optional>
#include <span>

#include "analysis/attacks/attackers/networks.hh"
#include "analysis/attacks/exam/exam.hh"
#include "analysis/attacks/exam/stop.hh"

namespace splitwan::attacks {

struct Training {
  std::int64_t pairs = 0;  // in all: the learning rate falls to 0 over them (cosine)
  int epochs = 1;
  int batch = 256;  // pairs per step
  double rate = 3e-3;
  bool windows = false;    // rows come in windows of positions, as the sequence network wants them
  int positions = window;  // of a window
};

class Learner {
 public:
  Learner(Network, Training, std::uint64_t seed);

  // Pairs in order of position; may be called many times with new ones. Throws Stopped. `evidence`, where
  // given, [rows, vocabulary]: what is known of each row's token besides, to which the network's logits are
  // added, in learning as in asking.
  void learn(const at::Tensor& rows, const at::Tensor& labels, const Stop& stop,
             const at::Tensor& evidence = {});
  // Five guesses for each of one document's rows.
  Guesses guess(const at::Tensor& rows, const at::Tensor& evidence = {}) const;
  std::int64_t pairs_seen() const { return seen_; }

 private:
  void step(const at::Tensor& x, const at::Tensor& y, const at::Tensor& evidence);
  Network network_;
  Training training_;
  at::Generator generator_;
  at::Tensor mean_, deviation_;  // per channel, of the first pairs
  std::vector<at::Tensor> first_, second_;
  std::int64_t steps_ = 0, seen_ = 0;
};

// The five largest of each row of logits, the largest first.
Guesses best_five(const at::Tensor& logits);

}  // namespace splitwan::attacks
