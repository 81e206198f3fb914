#include <algorithm>
#include <cmath>
#include <map>

#include "netsim/record/recorded.hh"

namespace splitwan::netsim {
namespace {

constexpr std::uint32_t segment = 1448;  // offloading hands several of them over as one packet
constexpr double soonest = 0.8;          // of a round trip: an acknowledgement before it is the first copy's
constexpr double timeout_s = 0.15;       // Linux waits 0.2 s and more before it sends a last segment again

std::uint32_t segments_of(std::uint32_t payload) { return std::max(1u, (payload + segment - 1) / segment); }

// What was lost in a row: neighbours that no arriving segment lies between.
double in_a_row(const std::vector<std::uint64_t>& losses) {
  if (losses.empty()) return 0;
  std::size_t rows = 1;
  for (std::size_t i = 1; i < losses.size(); ++i) rows += losses[i] > losses[i - 1] + segment ? 1 : 0;
  return static_cast<double>(losses.size()) / static_cast<double>(rows);
}

struct Copy {  // of a stretch of the stream, as it was sent
  std::uint32_t begin = 0, end = 0;
  std::uint64_t place = 0;  // payload carried before it
};

struct Again {  // a copy that was followed by another
  std::uint64_t place = 0;
  std::uint32_t end = 0;
  LinkTime sent_again{};
  bool answered = false, needless = false;
};

bool before(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }

struct Upward {
  bool known = false, answers = false;
  std::uint16_t number = 0;  // the server's last
  std::uint32_t highest = 0;
  std::vector<Copy> copies;
  std::vector<Again> again;
};

struct Downward {
  bool known = false;
  std::uint16_t number = 0;
  std::uint32_t highest = 0;
  LinkTime asked{};                                             // the last data sent up for the first time
  std::uint32_t asked_end = 0;                                  // where it ended
  std::map<std::uint16_t, std::vector<std::uint64_t>> missing;  // places, by the first missing number
};

}  // namespace

RecordedWay losses_up(const Seen& seen, double least_s) {
  RecordedWay way;
  std::map<std::uint16_t, Upward> connections;
  for (const SeenPacket& p : seen.packets) {
    Upward& c = connections[p.port];
    if (p.syn) {
      c.known = false;
      continue;
    }
    if (!p.up) {
      // A packet of the server's that is missing before this one was its answer to the first copy.
      const bool answer_lost = c.answers && static_cast<std::int16_t>(p.number - c.number) > 1;
      for (Again& a : c.again) {
        if (a.answered || before(p.acknowledged, a.end)) continue;
        a.answered = true;
        a.needless = answer_lost || between(a.sent_again, p.at) < soonest * least_s;
      }
      c.answers = true;
      c.number = static_cast<std::uint16_t>(p.number + segments_of(p.payload) - 1);
      continue;
    }
    if (p.payload == 0) continue;
    way.packets += segments_of(p.payload);
    const std::uint32_t begin = p.sequence, end = begin + p.payload;
    if (!c.known) c.highest = begin;
    c.known = true;
    if (before(begin, c.highest)) {
      const auto last = std::find_if(c.copies.rbegin(), c.copies.rend(), [&](const Copy& copy) {
        return !before(begin, copy.begin) && before(begin, copy.end);
      });
      if (last != c.copies.rend()) {
        const std::uint32_t ends = before(end, last->end) ? end : last->end;
        c.again.push_back({last->place + (begin - last->begin), ends, p.at});
      }
    } else {
      c.highest = end;
    }
    c.copies.push_back({begin, end, way.payload});
    way.payload += p.payload;
  }
  for (const auto& [port, c] : connections)
    for (const Again& a : c.again)
      if (!a.needless) way.losses.push_back(a.place);
  std::sort(way.losses.begin(), way.losses.end());
  way.losses_in_a_row = in_a_row(way.losses);
  return way;
}

RecordedWay losses_down(const Seen& seen, double least_s, bool& counts) {
  RecordedWay way;
  counts = false;
  std::map<std::uint16_t, Downward> connections;
  for (const SeenPacket& p : seen.packets) {
    Downward& c = connections[p.port];
    if (p.up) {
      const bool fresh = c.asked == LinkTime{} || before(c.asked_end, p.sequence + p.payload);
      if (p.payload == 0 || !fresh) continue;
      c.asked = p.at;
      c.asked_end = p.sequence + p.payload;
      continue;
    }
    if (p.syn) {
      c.known = false;
      continue;
    }
    const std::uint32_t many = segments_of(p.payload);
    const auto step = static_cast<std::int16_t>(p.number - c.number);
    const bool first = !c.known;
    if (first) {
      c.known = true;
      c.highest = p.sequence;
    } else if (step > 1) {
      counts = true;
      const auto gone = static_cast<std::uint32_t>(step - 1);
      const std::uint32_t hole = before(c.highest, p.sequence) ? p.sequence - c.highest : 0;
      std::vector<std::uint64_t>& places = c.missing[static_cast<std::uint16_t>(c.number + 1)];
      if (hole > 0) {
        const std::uint32_t data = std::min(gone, segments_of(hole));
        for (std::uint32_t i = 0; i < data; ++i) places.push_back(way.payload + std::uint64_t{i} * segment);
        way.payload += hole;
      } else if (p.payload > 0 && between(c.asked, p.at) > least_s + timeout_s) {
        for (std::uint32_t i = 0; i < gone; ++i) {  // copies of this one
          places.push_back(way.payload);
          way.payload += std::min(p.payload, segment);
        }
      }
      way.packets += places.size();
    } else if (step == 1) {
      counts = true;
    } else {  // late, not lost
      const auto late = c.missing.upper_bound(p.number);
      if (late != c.missing.begin() && !std::prev(late)->second.empty()) std::prev(late)->second.pop_back();
    }
    if (step > 0 || first) c.number = static_cast<std::uint16_t>(p.number + many - 1);
    if (before(c.highest, p.sequence + p.payload)) c.highest = p.sequence + p.payload;
    way.packets += p.payload > 0 ? many : 0;
    way.payload += p.payload;
  }
  for (const auto& [port, c] : connections)
    for (const auto& [number, places] : c.missing)
      way.losses.insert(way.losses.end(), places.begin(), places.end());
  std::sort(way.losses.begin(), way.losses.end());
  way.losses_in_a_row = in_a_row(way.losses);
  return way;
}

}  // namespace splitwan::netsim
