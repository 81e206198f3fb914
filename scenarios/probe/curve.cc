#include "scenarios/probe/curve.hh"

#include <algorithm>

namespace splitwan::scenarios {
namespace {

using engine::Nanos;

double slope(const Mark& a, const Mark& b) {
  return 8 * (static_cast<double>(b.bytes) - static_cast<double>(a.bytes)) / engine::seconds(b.at - a.at);
}

// The marks that no line between two others passes above. Behind a lost segment nothing is handed over until
// it has come again, then all at once: such marks lie below what the path carried.
std::vector<Mark> upper_hull(std::span<const Mark> marks) {
  std::vector<Mark> hull;
  for (const Mark& m : marks) {
    if (!hull.empty() && hull.back().at == m.at) hull.pop_back();
    while (hull.size() > 1 && slope(hull[hull.size() - 2], hull.back()) <= slope(hull.back(), m))
      hull.pop_back();
    hull.push_back(m);
  }
  return hull;
}

// What holds for half of the time. 0: there is none.
double rate_of(std::span<const Mark> marks) {
  const std::vector<Mark> hull = upper_hull(marks);  // slopes fall
  if (hull.size() < 2) return 0;
  const Nanos half = (hull.back().at - hull.front().at) / 2;
  for (std::size_t i = 1; i < hull.size(); ++i)
    if (hull[i].at - hull.front().at >= half) return slope(hull[i - 1], hull[i]);
  return 0;
}

std::span<const Mark> from(std::span<const Mark> marks, Nanos moment) {
  const auto first = std::ranges::lower_bound(marks, moment, {}, &Mark::at);
  return marks.subspan(static_cast<std::size_t>(first - marks.begin()));
}

}  // namespace

Goodput goodput_of(std::span<const Mark> marks) {
  constexpr double grows = 1.25;
  if (marks.size() < 4) return {};
  const Nanos begin = marks.front().at, all = marks.back().at - begin;
  const auto latter = from(marks, begin + all / 2), last = from(marks, begin + all * 3 / 4);
  const double third = rate_of(latter.first(latter.size() - last.size())), fourth = rate_of(last);
  return {rate_of(latter), third > 0 && fourth > grows * third};
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
