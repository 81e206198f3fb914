// What TCP over IPv4 adds to data, and the numbers of CUBIC. C++17. netsim/link/flight_theory and the
// report's page keep numbers of their own: a check that reads the checked one's constants checks less.
#pragma once

#include <cstdint>

namespace splitwan::engine::tcp {

inline constexpr std::uint32_t header_bytes = 52;  // IPv4 20, TCP 20, timestamps 12
inline constexpr std::uint32_t segment_bytes = 1500 - header_bytes;

// Linux counts in 1/1024 (net/ipv4/tcp_cubic.c: bic_scale 41 x 10, beta 717).
inline constexpr double cubic_c = 410.0 / 1024, cubic_beta = 717.0 / 1024;
// RFC 9438, section 5.
inline constexpr double rfc_cubic_c = 0.4, rfc_cubic_beta = 0.7;

}  // namespace splitwan::engine::tcp
