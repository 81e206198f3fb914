// What the parts of attention over all shards come to.
#pragma once

#include <map>

#include "engine/split/cascade/neighbours.hh"

namespace splitwan::engine::cascade {

// Parts by key shard, each of those rows that see a key of it -> [rows, q_width]. Order of merging: by shard.
at::Tensor merged(const BatchRows&, const RowList& rows, const std::map<int, Arrival>& parts,
                  const CascadeTerms&, const HeadShape&, int window, const Neighbours&);

}  // namespace splitwan::engine::cascade
