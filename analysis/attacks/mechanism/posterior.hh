// Each token's posterior given all rows up to a few after its own, the model as the prior.
//
// The most probable text (beam.hh) is not the text with the most tokens right: where rows say little it is a
// dull text that the model finds easy, whatever was written. What finds most tokens is, for each, the token
// of the largest posterior: a sum over texts, here over particles, drawn as in Fearnhead and Clifford 2003
// (On-line inference for hidden Markov models via particle filters, J. R. Stat. Soc. B 65): of all
// continuations of all particles those heavier than a threshold stay with their weight, and of the rest some
// are drawn, each of the threshold's weight, so that no two are the same.
#pragma once

#include "analysis/attacks/mechanism/predictions.hh"

namespace splitwan::attacks {

struct PosteriorOptions {
  int particles = 16;
  int shortlist = 128;   // behind layers, as in likelihoods()
  double unigram = 0.3;  // share of the prior that is how often a token is written: texts that are not like
                         // the model's own surprise it
  int lag = 2;           // rows after a token that its posterior takes in
};

// [rows - 1, vocabulary], double. Throws Stopped.
at::Tensor posterior(const Scene&, const Sent&, const PosteriorOptions&, const Stop&);

}  // namespace splitwan::attacks
