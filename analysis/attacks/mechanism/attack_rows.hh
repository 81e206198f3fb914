// Every attacker on the same rows, and what each found.
#pragma once

#include "analysis/attacks/mechanism/row_attackers.hh"
#include "engine/text/tokenizer.hh"

namespace splitwan::attacks {

struct AttackResult {
  std::string attacker;
  Figures figures;  // top1: the share of tokens found, the first of each text apart
  double seconds = 0;
};

// The table's order. Attackers that have nothing to compare are left out unless they were named. Throws
// Stopped, and Error.
std::vector<AttackResult> attack_rows(const MechanismView&, std::span<const Text> documents,
                                      const AttackChoice&, const Stop&);
const AttackResult& strongest(const std::vector<AttackResult>&);

// A file of held-out texts as the suite reads it (scenarios/attack-documents.json): the first `documents`, so
// many tokens of each, begin-of-text token first.
std::vector<Text> held_out_texts(const std::string& file, const engine::Tokenizer&,
                                 const engine::ModelConfig&, int documents = 40, int tokens = 48);

}  // namespace splitwan::attacks
