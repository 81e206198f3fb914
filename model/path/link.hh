// What bytes cost on a TCP path, from what is known about it beforehand.
#pragma once

namespace splitwan::model {

constexpr double segment_bytes = 1448;  // TCP payload per segment: 1500 - IP 20 - TCP 32 with timestamps
constexpr double framing_bytes = 54;    // per segment: TCP 32, IP 20, link 2
constexpr double initial_window_segments = 10;  // RFC 6928

// Flights a message takes when `window_bytes` may be under way at first and twice as many after every
// acknowledged flight (slow start, RFC 5681). 1 when it fits at once.
int flights(double bytes, double window_bytes);

// Seconds to put a message with its framing on a link of `bps` bit/s (infinity: none).
double wire_s(double bytes, double bps);

}  // namespace splitwan::model
