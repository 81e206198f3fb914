// What bytes cost on a TCP path, from what is known about it beforehand.
#pragma once

#include "engine/base/tcp_constants.hh"

namespace splitwan::model {

constexpr double segment_bytes = engine::tcp::segment_bytes;
constexpr double framing_bytes = engine::tcp::header_bytes + 2;  // per segment, the link's own 2 included
constexpr double initial_window_segments = 10;                   // RFC 6928

// Seconds to put a message with its framing on a link of `bps` bit/s (infinity: none).
double wire_s(double bytes, double bps);

}  // namespace splitwan::model
