// One cell of the study, and one baseline.
#pragma once

#include "analysis/attacks/mechanism/attack_rows.hh"
#include "scenarios/study/ground.hh"
#include "scenarios/study/sessions.hh"

namespace splitwan::scenarios {

// What all cells share.
struct Shared {
  const DelOptions& options;
  Resources& resources;
  const attacks::Knowledge& knowledge;
  std::vector<attacks::Text> documents;             // attacked
  std::vector<std::vector<engine::Token>> prompts;  // continued
  std::vector<at::Tensor> answers;                  // mean last rows of the undefended continuations
  std::vector<engine::Token> long_prompt;           // timed
};

engine::Json cell(const Shared&, Ground&, double mu, int bits, const Stop&);
// Another mechanism, as strong as the binomial one in epsilon, or as short in bytes. `strength`: of one that
// has its own.
engine::Json baseline(const Shared&, Ground&, const std::string& kind, const engine::BinomialSpec&,
                      double strength, const Stop&);
// mu of a target, by the strongest attacker or by one named.
engine::Json calibrated(const Shared&, Ground&, int bits, double target, const std::string& by, const Stop&);

// The mean of the last layer's rows over what was continued, after the final norm: [width].
at::Tensor mean_row(const Frozen&, std::span<const engine::Token> prompt,
                    std::span<const engine::Token> text);
// Mean cosine of each with its counterpart.
double similarity(const std::vector<at::Tensor>&, const std::vector<at::Tensor>&);

}  // namespace splitwan::scenarios
