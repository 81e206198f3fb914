// Where a party's time goes. `client_*` and `server_*` sums are made by readers of the trace.
#pragma once

#include <cstdint>
#include <string_view>

namespace splitwan::engine {

enum class Phase : std::uint8_t { head, middle, tail, codec, draft, verify };
std::string_view name_of(Phase);
Phase phase_named(std::string_view);  // throws Error

}  // namespace splitwan::engine
