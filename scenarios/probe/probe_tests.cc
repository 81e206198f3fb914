#include "scenarios/probe/probe_tests.hh"

#include <algorithm>

namespace splitwan::scenarios {
namespace {

// Room in a segment for what TLS adds to a message: a record's 22 bytes.
constexpr std::uint32_t spare = 100;

// Of messages one behind the other, how many segments each has. Each goes into segments of its own, for ours
// and the server's sockets have TCP_NODELAY. Upwards they are few: the answer to each is a segment too, and
// more of them than the server's own window has room for would come late.
std::vector<std::uint32_t> sizes_of(Way way, std::uint32_t most) {
  const std::vector<std::pair<int, std::uint32_t>> up = {{2, 4},  {3, 1},  {1, 5}, {1, 8},
                                                         {1, 24}, {1, 48}, {1, 96}},
                                                   down = {{16, 1}, {8, 2}, {4, 4}, {18, 8}};
  std::vector<std::uint32_t> sizes;
  std::uint32_t sum = 0;
  for (const auto& [count, segments] : way == Way::up ? up : down)
    for (int i = 0; i < count; ++i) {
      if (sum + segments > most) return sizes;
      sizes.push_back(segments);
      sum += segments;
    }
  return sizes;
}

}  // namespace

std::vector<Nanos> ping(ProbeConnection& c, Nanos for_at_most, std::size_t most) {
  const Nanos end = steady_now() + for_at_most;
  std::vector<Nanos> times;
  while (times.empty() || (times.size() < most && steady_now() < end)) {
    const Measure nothing;
    const Nanos begin = c.ask({&nothing, 1});
    const Measured m = c.answer();
    times.push_back(m.at - begin - m.held);
  }
  return times;
}

Burst burst(ProbeConnection& c, Way way, std::uint32_t most) {
  Burst b{sizes_of(way, most), {}};
  std::vector<Measure> list;
  for (const std::uint32_t segments : b.sizes) {
    const auto bytes = static_cast<std::uint32_t>(segments * c.segment() - engine::prefix_size - spare);
    list.push_back(way == Way::up ? Measure{bytes, 0} : Measure{0, bytes});
  }
  c.ask(list, /*at_once=*/way == Way::down);
  while (b.times.size() < list.size()) b.times.push_back(c.answer().at);
  return b;
}

std::vector<Mark> fill(ProbeConnection& c, Way way, Nanos rtt, Nanos for_so_long, std::uint64_t most) {
  constexpr std::uint64_t least_under_way = 64 << 10, most_under_way = 6 << 20;
  constexpr std::uint64_t least_chunk = 8 << 10, most_chunk = 512 << 10;
  const Nanos begin = steady_now(), lately = std::max<Nanos>(rtt, std::chrono::milliseconds(20));
  std::deque<std::uint64_t> under_way;  // bytes of what is not answered
  std::vector<Mark> marks;
  std::uint64_t asked = 0, came = 0, target = least_under_way;
  while (true) {
    while (asked - came < target && asked < most && steady_now() - begin < for_so_long) {
      const std::uint64_t chunk = std::clamp(target / 16, least_chunk, most_chunk);
      const auto payload = static_cast<std::uint32_t>(chunk - engine::prefix_size);
      const Measure m = way == Way::up ? Measure{payload, 0} : Measure{0, payload};
      c.ask({&m, 1});
      under_way.push_back(chunk);
      asked += chunk;
    }
    if (under_way.empty()) return marks;
    const Measured m = c.answer();
    came += under_way.front();
    under_way.pop_front();
    marks.push_back({m.at, came});
    // More than the path holds, but for no more than half of that in its queue; as long as each round trip
    // brings more than the last one, twice as much, as a window grows.
    const auto bytes_by = [&](Nanos at) {
      const auto mark = std::ranges::lower_bound(marks, at, {}, &Mark::at);
      return mark->bytes;
    };
    const std::uint64_t last = came - bytes_by(m.at - lately),
                        before = came - last - bytes_by(m.at - 2 * lately);
    const std::uint64_t more = last > before * 3 / 2 ? last * 2 : last * 8 / 5;
    target = std::clamp(more, std::max(target, least_under_way), most_under_way);
  }
}

}  // namespace splitwan::scenarios
