// Who has the last row of a text has what comes next: the final norm and the head are public.
#pragma once

#include "analysis/attacks/cascade/rows.hh"
#include "engine/party/shards.hh"

namespace splitwan::attacks {

// What each position's owner takes for the next token: it runs the last `tail_layers`, which the client
// keeps, on the rows of its own shard alone, then the head. With none this is what the client reads, too.
std::vector<Token> next_of_owners(const Pieces&, std::span<const Token>, const engine::Sharding&,
                                  int tail_layers);

}  // namespace splitwan::attacks
