// How much had come by when, and what that tells: a rate, a flight's end.
#pragma once

#include <span>
#include <vector>

#include "engine/base/types.hh"

namespace splitwan::scenarios {

struct Mark {
  engine::Nanos at{};
  std::uint64_t bytes = 0;  // until then
};

struct Goodput {
  double bps = 0;        // 0: too little came to tell
  bool growing = false;  // it did to the end: what the path carries is at least this
};
// Of the latter half of the time: what came before was slow start. Stalls behind lost segments are seen over.
// `marks`: ascending.
Goodput goodput_of(std::span<const Mark> marks);

// Messages sent at once: of so many segments each, and when each had come.
struct Burst {
  std::vector<std::uint32_t> sizes;
  std::vector<engine::Nanos> times;
};
// Segments that came before a pause which the path's rate does not explain: a first flight, whose
// acknowledgements are waited for. 0: all came without one.
std::uint32_t first_flight(const Burst& burst, engine::Nanos pause, double bytes_per_s,
                           std::uint32_t segment);

}  // namespace splitwan::scenarios
