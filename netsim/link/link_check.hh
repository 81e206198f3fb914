// Is a link that was measured the link that was asked for? Both sides of the pipe ask. C++17; throws
// std::runtime_error with what was asked and what was found.
#pragma once

#include <cstdint>
#include <string>

#include "netsim/link/link_spec.hh"

namespace splitwan::netsim {

// Within 0.1 % or 10 us. `asked_s` includes the serialisation of the probe.
void expect_rtt(const std::string& where, double asked_s, double found_s);

// Within 1 %, and what rounding each packet to a nanosecond makes of it.
void expect_rate(const std::string& where, const LinkSpec& asked, double asked_bps, double found_bps);
bool rate_is_measurable(const LinkSpec& link);  // a packet takes a nanosecond or more

// A count that chance brings about less than once in a million times is refused.
void expect_loss(const std::string& where, const LinkSpec& asked, std::uint64_t sent, std::uint64_t lost);
double mean_loss(const LinkSpec& link);  // of its first state, bursts included

// Of `bytes` handed to the link at `t` while it is idle, before its schedule begins.
LinkTime last_bit_leaves(const LinkSpec& link, LinkTime t, std::uint64_t bytes);

}  // namespace splitwan::netsim
