// Where a party's time goes. `client_*` and `server_*` sums are made by readers of the trace.
#pragma once

#include <cstdint>
#include <string_view>

namespace splitwan::engine {

// attend: what an AttnNode makes of a shard's keys, and whoever else only merges (Cascade). check: a client
// recomputes one of the server's layers; of no step.
enum class Phase : std::uint8_t { head, middle, tail, codec, draft, verify, attend, check };
std::string_view name_of(Phase);
Phase phase_named(std::string_view);  // throws Error

}  // namespace splitwan::engine
