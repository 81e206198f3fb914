#include "scenarios/probe/curve.hh"

#include <algorithm>

namespace splitwan::scenarios {
namespace {

using engine::Nanos;

// Bits per second between the first marks at or after these moments; 0 where they are one.
double slope(std::span<const Mark> marks, Nanos from, Nanos to) {
  const auto at = [&](Nanos moment) {
    const auto found = std::ranges::lower_bound(marks, moment, {}, &Mark::at);
    return found == marks.end() ? marks.back() : *found;
  };
  const Mark a = at(from), b = at(to);
  if (b.at <= a.at) return 0;
  return 8 * static_cast<double>(b.bytes - a.bytes) / engine::seconds(b.at - a.at);
}

}  // namespace

Goodput goodput_of(std::span<const Mark> marks) {
  constexpr double grows = 1.25;
  if (marks.size() < 4) return {};
  const Nanos begin = marks.front().at, all = marks.back().at - begin;
  const double third = slope(marks, begin + all / 2, begin + all * 3 / 4),
               fourth = slope(marks, begin + all * 3 / 4, begin + all);
  return {slope(marks, begin + all / 2, begin + all), third > 0 && fourth > grows * third};
}

std::uint32_t first_flight(const Burst& burst, Nanos pause, double bytes_per_s, std::uint32_t segment) {
  std::uint32_t came = 0;
  for (std::size_t i = 0; i < burst.times.size(); ++i) {
    const double takes = burst.sizes[i] * static_cast<double>(segment) / bytes_per_s;
    if (i > 0 && engine::seconds(burst.times[i] - burst.times[i - 1] - pause) > takes) return came;
    came += burst.sizes[i];
  }
  return 0;
}

}  // namespace splitwan::scenarios
