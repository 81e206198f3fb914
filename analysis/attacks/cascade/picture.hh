// What every party of a sharded sequence sees, as figures. No torch, no model.
#pragma once

#include "analysis/attacks/cascade/coalition.hh"
#include "analysis/attacks/cascade/few_keys.hh"
#include "engine/base/json.hh"

namespace splitwan::attacks {

using engine::Json;

struct CascadeCase {
  engine::Sharding sharding;
  int tokens = 128;       // of the sequence, a public prefix among them
  int public_prefix = 0;  // k: the first alpha * cluster * k tokens are known to all
  int head_layers = 0;    // first layers that the client runs: then no node has layer 0's rows
  int tail_layers = 0;
  int collude = 1;  // nodes that put their views together
};
// Throws Error naming the option.
void check(const CascadeCase&);

// The worst view that any `collude` nodes have together.
Coalition worst_view(const CascadeCase&);

// {cascade, hole_gap, inside_gap, partials_gap, views[], worst_pair, best_pair, coalitions[], few_keys}
Json picture_of(const CascadeCase&);
std::string picture_text(const Json&);

}  // namespace splitwan::attacks
