// An attacker taken through one cell: taught, asked, and marked.
#pragma once

#include <optional>

#include "analysis/attacks/attackers/attacker.hh"

namespace splitwan::attacks {

struct Trial {
  Cell cell;
  const Attacker& attacker;

  // Filled as it runs.
  std::unique_ptr<Attack> attack = nullptr;
  double seconds = 0;
  std::optional<Json> row = std::nullopt;

  double cost(const Common& common) const { return attacker.cost(cell, common); }
};

void learn(Trial&, const Pairs&, const Stop&);
// Attacks the held-out documents and fills in the row.
void finish(Trial&, const Common&, const Stop&);

}  // namespace splitwan::attacks
