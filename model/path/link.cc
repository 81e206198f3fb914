#include "model/path/link.hh"

#include <cmath>

namespace splitwan::model {

double wire_s(double bytes, double bps) {
  return (bytes + framing_bytes * std::ceil(bytes / segment_bytes)) * 8 / bps;
}

}  // namespace splitwan::model
