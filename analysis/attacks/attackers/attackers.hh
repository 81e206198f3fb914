// Every attack by its name.
#pragma once

#include "analysis/attacks/suite/cell.hh"

namespace splitwan::attacks {

// Attacks one held-out document; `index` is its place among them.
using Attack = std::function<Recovered(const Document&, std::size_t index)>;
// Adds to cell.passes as it is used. The cell must outlive it.
Attack make_attack(Cell&, const Common&, const Stop&);

}  // namespace splitwan::attacks
