#include "model/path/link.hh"

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

double wire_s(double bytes, double bps) {
  return (bytes + framing_bytes * std::ceil(bytes / segment_bytes)) * 8 / bps;
}

}  // namespace splitwan::model
