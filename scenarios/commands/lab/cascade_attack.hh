// `splitwan attack --cascade`: what each party of a token-sharded model sees, and makes of it.
#pragma once

#include "analysis/attacks/cascade/measured.hh"
#include "scenarios/console/program.hh"

namespace splitwan::scenarios {

struct CascadeOptions {
  bool asked = false, json = false;  // json: the command's own
  attacks::CascadeCase what;
  std::optional<int> min_hole_gap;
  std::string model, documents, output;  // without a model: what is seen only
  int texts = 8, text_tokens = 24;
  std::vector<int> gaps = {1, 2, 3, 4};
  std::uint64_t budget = 4096, seed = 1;
  int threads = 2;
};
void add_cascade_options(CLI::App&, CascadeOptions&);
// 1, and one line, where the hole gap is under the least that was asked for.
int attack_cascade(const CascadeOptions&);

}  // namespace splitwan::scenarios
