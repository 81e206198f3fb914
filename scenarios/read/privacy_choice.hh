// DEL in a scenario (arXiv 2602.11513): whether rows go through the binomial mechanism, and how.
#pragma once

#include <string>

#include "engine/privacy/mechanism_terms.hh"

namespace splitwan::scenarios {

struct PrivacyChoice {
  std::string maps;  // folder of engine/privacy/del_weights.hh; empty = off
  double mu = 1;
  int bits = 4;
  engine::Trust trust = engine::Trust::ours;
  std::string soft_prompt = "none";
  bool generated = true;  // generated tokens' rows go through the mechanism too; else they are exposed
  double cap = 0;         // the longest latent as the server reads it; 0: any
  std::string budget;     // file; empty = none

  bool on() const { return !maps.empty(); }
  bool text_comes_back() const { return on() && trust == engine::Trust::published; }
};

}  // namespace splitwan::scenarios
