#include "netsim/record/recorded.hh"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"

namespace splitwan::netsim {
namespace {

constexpr double probe_small = 76, small_at_most = 200;   // bytes; see path_tap.hh
constexpr double steady_share = 0.01, steady_s = 250e-6;  // of 5 to 95 %: clocks and a busy machine
constexpr double independent = 0.3;                       // correlation of neighbours below which a law plays
constexpr double window_s = 1;                            // of rates over time
constexpr std::size_t few = 5;                            // pairs in a window
constexpr double rate_change = 0.2;
constexpr double least_timeout_s = 0.2;

struct Echo {
  LinkTime sent{}, back{};
  double bytes = 0, seconds = 0;
};

std::vector<Echo> echoes_of(const Seen& seen) {
  std::map<std::uint16_t, SeenProbe> sent;  // the number turns over every 18 minutes
  std::vector<Echo> echoes;
  for (const SeenProbe& p : seen.probes) {
    if (p.up) {
      sent[p.number] = p;
    } else if (const auto out = sent.find(p.number); out != sent.end()) {
      echoes.push_back({out->second.at, p.at, static_cast<double>(p.bytes), between(out->second.at, p.at)});
      sent.erase(out);
    }
  }
  std::sort(echoes.begin(), echoes.end(), [](auto& a, auto& b) { return a.sent < b.sent; });
  return echoes;
}

struct Pair {
  LinkTime at{};
  double later_s = 0;
};

// A large probe right behind a small one waits for the same queue: what it takes longer are its bits.
std::vector<Pair> pairs_of(const std::vector<Echo>& echoes) {
  std::vector<Pair> pairs;
  for (std::size_t i = 1; i < echoes.size(); ++i) {
    const Echo &small = echoes[i - 1], &large = echoes[i];
    if (small.bytes < small_at_most && large.bytes > small_at_most && between(small.sent, large.sent) < 1e-3)
      pairs.push_back({large.sent, large.seconds - small.seconds});
  }
  return pairs;
}

double median_of(const std::vector<Pair>& pairs) {
  std::vector<double> later_s;
  later_s.reserve(pairs.size());
  for (const Pair& p : pairs) later_s.push_back(p.later_s);
  return later_s.empty() ? 0
                         : engine::median(std::move(later_s)) * probe_large / (probe_large - probe_small / 2);
}

// When our own packets were in a probe's way: sent up and not yet gone, or come down just before its answer.
class OwnTraffic {
 public:
  OwnTraffic(const Seen& seen, const PathRates& rates) : rates_(rates) {
    LinkTime free{}, came{};
    for (const SeenPacket& p : seen.packets) {
      if (!p.up) {
        came = std::max(came, p.at + takes(p, rates.down_bps));
        down_.push_back({p.at, came});
        continue;
      }
      const LinkTime begin = std::max(free, p.at);
      free = begin + takes(p, rates.up_bps);
      up_.push_back({p.at, free});
    }
  }
  bool meets(const Echo& e) const { return within(up_, e.sent) || within(down_, e.back); }

 private:
  using Stretch = std::pair<LinkTime, LinkTime>;
  static LinkTime takes(const SeenPacket& p, double bps) {
    return bps > 0 ? LinkTime(std::llround(8e9 * (p.payload + 54.0) / bps)) : LinkTime{};
  }
  static bool within(const std::vector<Stretch>& list, LinkTime at) {
    const auto next = std::upper_bound(list.begin(), list.end(), at,
                                       [](LinkTime t, const Stretch& s) { return t < s.first; });
    return next != list.begin() && std::prev(next)->second > at;
  }
  PathRates rates_;
  std::vector<Stretch> up_, down_;
};

// Of each acknowledgement that answers a segment sent once.
std::vector<double> acknowledgements(const Seen& seen) {
  struct Sent {
    std::uint32_t begin;
    LinkTime at;
    bool again;
  };
  std::map<std::uint16_t, std::map<std::uint32_t, Sent>> connections;  // by the segment's end
  std::vector<double> seconds;
  for (const SeenPacket& p : seen.packets) {
    auto& sent = connections[p.port];
    if (p.up) {
      if (p.payload == 0) continue;
      const auto [at, fresh] = sent.try_emplace(p.sequence + p.payload, Sent{p.sequence, p.at, false});
      if (!fresh) at->second.again = true;
    } else if (const auto covered = sent.find(p.acknowledged); covered != sent.end()) {
      if (!covered->second.again) seconds.push_back(between(covered->second.at, p.at));
      sent.erase(covered);
    }
  }
  return seconds;
}

// The handshake's, and of those acknowledgements that the server's work did not hold up, the shortest.
double shortest(const Seen& seen, const std::vector<double>& acknowledged_s) {
  double least_s =
      acknowledged_s.empty() ? 0 : *std::min_element(acknowledged_s.begin(), acknowledged_s.end());
  std::optional<LinkTime> asked;
  for (const SeenPacket& p : seen.packets) {
    if (!p.syn) continue;
    if (p.up) {
      asked = p.at;
    } else if (asked) {
      least_s = least_s == 0 ? between(*asked, p.at) : std::min(least_s, between(*asked, p.at));
    }
  }
  return least_s;
}

std::uint32_t idle_restarts(const Seen& seen, double least_s) {
  std::map<std::uint16_t, LinkTime> last;
  std::uint32_t count = 0;
  for (const SeenPacket& p : seen.packets) {
    if (!p.up || p.payload == 0) continue;
    const auto [at, fresh] = last.try_emplace(p.port, p.at);
    if (!fresh && between(at->second, p.at) > least_s + least_timeout_s) ++count;
    at->second = p.at;
  }
  return count;
}

LinkTime origin_of(const Seen& seen, const std::string& path) {
  for (const SeenPacket& p : seen.packets)
    if (p.up && !p.syn) return p.at;
  throw engine::Error("record: {}: expected a TCP connection to it while the client ran, found none", path);
}

// How the rate was against the whole recording's, from each second in which it changed on; empty where it
// kept.
std::vector<RecordedPoint> rate_shares(const std::vector<Pair>& pairs, LinkTime origin) {
  struct Stretch {
    std::int64_t window;
    double here_s;
    std::vector<Pair> first, rest;  // the window of the change holds both rates
  };
  const double whole_s = median_of(pairs);
  std::map<std::int64_t, std::vector<Pair>> windows;
  for (const Pair& p : pairs)
    windows[static_cast<std::int64_t>(std::floor(between(origin, p.at) / window_s))].push_back(p);
  std::vector<Stretch> stretches;
  for (const auto& [window, list] : windows) {
    const double here_s = median_of(list);
    if (list.size() < few || here_s <= 0 || whole_s <= 0) continue;
    if (stretches.empty() || std::abs(here_s / stretches.back().here_s - 1) > rate_change) {
      stretches.push_back({window, here_s, list, {}});
      continue;
    }
    std::vector<Pair>& rest = stretches.back().rest;
    rest.insert(rest.end(), list.begin(), list.end());
    stretches.back().here_s = median_of(rest);
  }
  if (stretches.size() < 2) return {};
  std::vector<RecordedPoint> points;
  points.reserve(stretches.size());
  for (const Stretch& s : stretches)
    points.push_back({LinkTime(std::llround(static_cast<double>(s.window) * window_s * 1e9)),
                      whole_s / median_of(s.rest.empty() ? s.first : s.rest)});
  return points;
}

Play play_of(const Spread& s, const std::vector<double>& sorted_from) {
  if (s.count < few) return Play::constant;
  const double range_s = engine::quantile(sorted_from, 0.95) - engine::quantile(sorted_from, 0.05);
  if (range_s < std::max(steady_s, steady_share * s.mean_s)) return Play::constant;
  return s.autocorrelation < independent ? Play::law : Play::series;
}

void say_what_is_not_known(Recording& r, bool answered, bool counts) {
  const auto say = [&](std::string text) { r.cannot_tell.push_back(std::move(text)); };
  if (!answered)
    say("delay over time: no probe was answered (ICMP echo); the shortest round trip stands for it");
  say("which way the delay lies: half of the round trip each way");
  say("the queue's size: at least what probes found behind our own packets; played with the default");
  say("lost acknowledgements that carried no data");
  if (!counts) say("losses on the way down: the server's packets carry no count");
  if (r.up.rate_bps == 0) say("the rate up: no message of several packets, no pair of probes");
  if (r.down.rate_bps == 0) say("the rate down: no message of several packets, no pair of probes");
  if (!r.rate_shares.empty()) say("which way's rate changed: both are played as changing alike");
  if (r.connections > 1) say("where each of several connections began: losses are counted over all of them");
  if (r.missed > 0) say("what was in packets that the recorder missed");
}

}  // namespace

Recording recorded(const Seen& seen, const std::string& path) {
  Recording r;
  r.path = path;
  r.missed = seen.missed;
  const LinkTime origin = origin_of(seen, path);
  r.duration = seen.packets.back().at - origin;
  std::set<std::uint16_t> ports;
  for (const SeenPacket& p : seen.packets) ports.insert(p.port);
  r.connections = static_cast<std::uint32_t>(ports.size());
  const std::vector<double> acknowledged_s = acknowledgements(seen);
  r.acknowledgements = spread_of(acknowledged_s);
  const double least_s = shortest(seen, acknowledged_s);
  r.idle_restarts = idle_restarts(seen, least_s);

  const std::vector<Echo> echoes = echoes_of(seen);
  std::vector<Pair> pairs = pairs_of(echoes);
  PathRates rates = path_rates(seen, least_s, median_of(pairs));
  const OwnTraffic own(seen, rates);
  std::set<LinkTime> met;
  for (const Echo& e : echoes)
    if (own.meets(e)) met.insert(e.sent);
  std::erase_if(pairs, [&](const Pair& p) { return met.contains(p.at); });
  r.rate_shares = rate_shares(pairs, origin);
  rates = path_rates(seen, least_s, median_of(pairs), r.rate_shares, origin);

  bool counts = false;
  r.up = losses_up(seen, least_s);
  r.down = losses_down(seen, least_s, counts);
  r.up.rate_bps = rates.up_bps;
  r.down.rate_bps = rates.down_bps;
  r.up.rate_from = rates.up_from;
  r.down.rate_from = rates.down_from;

  std::vector<double> clean_s;
  for (const Echo& e : echoes) {
    const LinkTime at = e.sent - origin;
    if (e.bytes > small_at_most || e.sent > seen.packets.back().at || met.contains(e.sent)) continue;
    const double share = share_at(r.rate_shares, at);
    double bits_s = 0;
    for (const RecordedWay* way : {&r.up, &r.down})
      if (way->rate_bps > 0) bits_s += 8 * (probe_small + framing) / (way->rate_bps * share);
    if (!r.round_trips.empty() && at <= r.round_trips.back().at) continue;
    r.round_trips.push_back({at, std::max(0.0, e.seconds - bits_s)});
    if (at >= LinkTime{}) clean_s.push_back(r.round_trips.back().value);
  }
  const bool answered = clean_s.size() >= few;
  if (!answered) {
    r.round_trips.clear();
    clean_s = {least_s};
  }
  r.round_trip = spread_of(clean_s);
  r.play = play_of(r.round_trip, clean_s);
  if (r.play == Play::constant) {
    for (const Echo& e : echoes)
      if (e.bytes < small_at_most && met.contains(e.sent))
        r.queue_bytes_at_least =
            std::max(r.queue_bytes_at_least, (e.seconds - r.round_trip.p95_s) * r.up.rate_bps / 8);
  }
  say_what_is_not_known(r, answered, counts);
  return r;
}

}  // namespace splitwan::netsim
