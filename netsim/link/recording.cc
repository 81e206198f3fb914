#include "netsim/link/recording.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/order_statistics.hh"

namespace splitwan::netsim {

Spread spread_of(const std::vector<double>& seconds) {
  Spread s;
  s.count = seconds.size();
  if (seconds.empty()) return s;
  const double n = static_cast<double>(s.count);
  s.least_s = *std::min_element(seconds.begin(), seconds.end());
  for (const double v : seconds) s.mean_s += v / n;
  double squares = 0, products = 0;
  for (std::size_t i = 0; i < s.count; ++i) {
    squares += (seconds[i] - s.mean_s) * (seconds[i] - s.mean_s);
    if (i > 0) products += (seconds[i] - s.mean_s) * (seconds[i - 1] - s.mean_s);
  }
  s.spread_s = std::sqrt(squares / n);
  s.p95_s = engine::quantile(seconds, 0.95);
  if (squares > 0) s.autocorrelation = products / squares;
  return s;
}

const char* name_of(Play play) {
  switch (play) {
    case Play::constant:
      return "constant";
    case Play::series:
      return "series";
    case Play::law:
      break;
  }
  return "law";
}

namespace {

constexpr LinkTime least_change = std::chrono::microseconds(25);  // of a delay, worth a line

LinkTime half(double round_trip_s) { return LinkTime(std::llround(std::max(0.0, round_trip_s) / 2 * 1e9)); }

// The value that holds at `at`: the last one until then, else the first.
double held(const std::vector<RecordedPoint>& points, LinkTime at, double otherwise) {
  if (points.empty()) return otherwise;
  const auto next = std::upper_bound(points.begin(), points.end(), at,
                                     [](LinkTime t, const RecordedPoint& p) { return t < p.at; });
  return next == points.begin() ? next->value : std::prev(next)->value;
}

bool differs(LinkTime a, LinkTime b) { return a > b + least_change || b > a + least_change; }

void play_series(const Recording& r, LinkSpec& link, double rate) {
  std::vector<LinkTime> moments = {LinkTime{}};
  const auto add = [&](const std::vector<RecordedPoint>& points) {
    for (const RecordedPoint& p : points)
      if (p.at > LinkTime{} && p.at < r.duration) moments.push_back(p.at);
  };
  if (r.play == Play::series) add(r.round_trips);
  add(r.rate_shares);
  std::sort(moments.begin(), moments.end());
  moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
  link.schedule.clear();
  for (const LinkTime at : moments) {
    LinkState state = link;
    if (r.play == Play::series) state.delay = half(held(r.round_trips, at, r.round_trip.mean_s));
    if (rate > 0) state.bits_per_second = rate * held(r.rate_shares, at, 1);
    const LinkState& last = link.schedule.empty() ? link : link.schedule.back().link;
    if (at == LinkTime{}) {
      static_cast<LinkState&>(link) = state;
    } else if (state.bits_per_second != last.bits_per_second || differs(state.delay, last.delay)) {
      link.schedule.push_back({at, state});
    }
  }
  link.period = link.schedule.empty() ? LinkTime{} : r.duration;
}

}  // namespace

void apply(const Recording& r, LinkSpec& up, LinkSpec& down) {
  for (LinkSpec* link : {&up, &down}) {
    const RecordedWay& way = link == &up ? r.up : r.down;
    link->delay = half(r.round_trip.mean_s);
    if (way.rate_bps > 0) link->bits_per_second = way.rate_bps;
    link->losses = way.losses;
    if (r.play == Play::law)
      link->jitter = {.law = JitterLaw::normal,
                      .scale = LinkTime(std::llround(r.round_trip.spread_s / std::sqrt(2.0) * 1e9))};
    play_series(r, *link, way.rate_bps);
  }
}

}  // namespace splitwan::netsim
