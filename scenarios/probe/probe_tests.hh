// What is tried over one connection: pings, bursts, as much as it carries.
#pragma once

#include "scenarios/probe/curve.hh"
#include "scenarios/probe/probe_connection.hh"

namespace splitwan::scenarios {

enum class Way : std::uint8_t { up, down };  // to the server, from it

// Round trips of the smallest messages, one after the other, what the server held them for left out.
std::vector<Nanos> ping(ProbeConnection&, Nanos for_at_most, std::size_t most);

// At most so many segments. Nothing else may be under way.
Burst burst(ProbeConnection&, Way, std::uint32_t most);

// As much as the path takes for so long, at most so many bytes; until all is answered.
std::vector<Mark> fill(ProbeConnection&, Way, Nanos rtt, Nanos for_so_long, std::uint64_t most);

}  // namespace splitwan::scenarios
