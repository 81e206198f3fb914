#include "model/link.hh"

#include <cmath>

namespace splitwan::model {

int flights(double bytes, double window_bytes) {
  int count = 1;
  for (; bytes > window_bytes; ++count) {
    bytes -= window_bytes;
    window_bytes *= 2;
  }
  return count;
}

int round_trips(double bytes_up, double bytes_down, double window_bytes) {
  return flights(bytes_up, window_bytes) + flights(bytes_down, window_bytes) - 1;
}

double wire_s(double bytes, double bps) {
  return (bytes + framing_bytes * std::ceil(bytes / segment_bytes)) * 8 / bps;
}

}  // namespace splitwan::model
