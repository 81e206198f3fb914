#include "scenarios/probe/probe.hh"

#include <algorithm>
#include <cmath>
#include <future>

#include "scenarios/probe/probe_tests.hh"

namespace splitwan::scenarios {
namespace {

using engine::seconds;
using std::chrono::milliseconds;

constexpr std::uint64_t most_bytes = 28 << 20;  // of one way: a server measures for 64 MiB a session
constexpr std::uint32_t most_segments = 192, first_segments = 48;
constexpr std::size_t most_pings = 100;
constexpr auto first_look = milliseconds(200);  // at the round trip, which the other tests have to know
constexpr auto shortest_rtt = milliseconds(2);  // whose flights can be told apart

// One way's tests over a connection that is new.
class WayProbe {
 public:
  WayProbe(ProbeConnection& c, Way way, Nanos rtt) : c_(c), way_(way), rtt_(rtt) {}

  void run(const ProbeTerms& terms) {
    const bool flights = c_.segment() > 0 && rtt_ >= shortest_rtt;
    const Burst fresh = flights ? burst(c_, way_, first_segments) : Burst{};
    const auto marks = fill(c_, way_, rtt_, std::max(terms.fill, rtt_ * 7), most_bytes);
    const Goodput found = goodput_of(marks);
    way.goodput_bps = found.bps;
    way.at_least = found.growing;
    way.bytes = marks.empty() ? 0 : marks.back().bytes;
    // A flight that takes the path nearly a round trip to carry has no pause behind it.
    const double fits = flights ? 0.6 * seconds(rtt_) * found.bps / 8 / c_.segment() : 0;
    worth_ = static_cast<std::uint32_t>(std::min<double>(most_segments, fits));
    way.first_window = flight_of(fresh);
    if (way.first_window > worth_) way.first_window = 0;
    if (worth_ >= least_worth) warm_ = flight_of(burst(c_, way_, worth_));
    rests_since_ = steady_now();
  }

  void look_again(const ProbeTerms& terms) {
    if (worth_ < least_worth) return;
    c_.rest(rests_since_ + terms.rest);
    way.rested_s = seconds(steady_now() - rests_since_);
    way.rested_window = flight_of(burst(c_, way_, worth_));
    if (way.rested_window == 0)
      way.falls = false;
    else if (warm_ == 0 || way.rested_window * 4 < warm_ * 3)  // else they were as short before the rest
      way.falls = true;
  }

  ProbedWay way;

 private:
  static constexpr std::uint32_t least_worth = 16;  // more than usual initial windows
  std::uint32_t flight_of(const Burst& b) const {
    return first_flight(b, rtt_ * 3 / 10, way.goodput_bps / 8, c_.segment());
  }
  ProbeConnection& c_;
  const Way way_;
  const Nanos rtt_;
  std::uint32_t worth_ = 0, warm_ = 0;
  Nanos rests_since_{};
};

void tell_round_trips(std::span<const Nanos> pings, ProbedPath& p) {
  std::vector<double> times;
  for (const Nanos t : pings) times.push_back(seconds(t));
  p.round_trip = netsim::spread_of(times);
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  p.median_s = times[times.size() / 2];
}

void name_unknowns(ProbedPath& p) {
  for (const auto& [name, way] : {std::pair("up", &p.up), std::pair("down", &p.down)}) {
    if (way->at_least)
      p.cannot_tell.push_back(fmt::format("rate {}: it grew to the end: at least this", name));
    if (way->first_window == 0)
      p.cannot_tell.push_back(
          fmt::format("initial window {}: no pause behind a first flight was seen", name));
    if (!way->falls)
      p.cannot_tell.push_back(
          fmt::format("idle restart {}: flights are too short to tell on this path", name));
  }
}

}  // namespace

ProbedPath probe_path(const engine::Endpoint& to, const engine::MakeStream& make, const ProbeTerms& terms) {
  const Nanos begin = steady_now(), deadline = begin + terms.patience;
  ProbedPath p;
  p.path = to.text();
  terms.progress("connecting");
  ProbeConnection first(to, make, terms.token, deadline);
  p.protection = first.protection();
  p.connect_s = seconds(first.connected());
  p.session_s = seconds(first.welcomed());
  p.segment = first.segment();
  terms.progress("round trips");
  auto second = std::async(std::launch::async, [&] {  // its few packets disturb no round trip
    return std::make_unique<ProbeConnection>(to, make, terms.token, deadline);
  });
  auto pings = ping(first, first_look, most_pings);
  const Nanos rtt = std::min(*std::ranges::min_element(pings), first.welcomed() - first.connected());

  terms.progress("rate down");
  WayProbe down(first, Way::down, rtt);
  down.run(terms);
  terms.progress("rate up");
  const auto other = second.get();
  WayProbe up(*other, Way::up, rtt);
  up.run(terms);
  terms.progress("windows after a rest");
  down.look_again(terms);
  for (const Nanos t : ping(first, terms.pings, most_pings)) pings.push_back(t);  // while the other one rests
  up.look_again(terms);
  p.up = up.way;
  p.down = down.way;
  tell_round_trips(pings, p);
  p.sent_again = first.info().retransmits + other->info().retransmits;
  p.elapsed_s = seconds(steady_now() - begin);
  name_unknowns(p);
  return p;
}

}  // namespace splitwan::scenarios
