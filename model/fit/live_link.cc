#include "model/fit/live_link.hh"

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/base/order_statistics.hh"
#include "model/fit/robust_fit.hh"
#include "model/path/connection.hh"
#include "model/path/link.hh"
#include "model/path/random.hh"

namespace splitwan::model {
namespace {

using engine::seconds;
using Runs = std::vector<std::span<const Observation>>;

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double most_loss = 0.999;  // where all was sent again and again
// The least round trip is the greeting's: SYN and SYN + ACK, with framing.
constexpr double syn_bytes = 62;
// Scatter below this, or below this share of the round trip, is the machines' own.
constexpr double least_jitter_s = 200e-6, least_jitter = 0.01;
constexpr int rounds = 4;                        // of what depends on each other
constexpr std::size_t few = 8, few_probes = 16;  // too few to say how they scatter
// Scale of two exponentials over the lower quartile of Linux's smoothed mean deviation of their sum (1.2),
// and some.
constexpr double most_of_spread = 1.4;
constexpr double probe_bytes = 64;         // each way
constexpr double median_of_two = 1.678;    // of the sum of two of scale 1
constexpr double two_exponentials = 3.36;  // width of the sum of two of scale 1
constexpr int worlds = 16;                 // in which it jitters
constexpr std::size_t draws = 4000;        // of jitter

double segments(double bytes) { return std::max(1.0, std::ceil(bytes / segment_bytes)); }

// A message of n segments over a way that jitters and keeps order.
struct Lateness {
  double first_s, last_s;
};
Lateness lateness(double n, double spacing_s, double jitter_s, std::mt19937_64& random) {
  double first_s = 0, arrived_s = 0;
  for (double k = 0; k < n; ++k) {
    arrived_s = std::max(arrived_s, k * spacing_s - jitter_s * std::log(1 - uniform(random)));
    if (k == 0) first_s = arrived_s;
  }
  return {first_s, arrived_s - (n - 1) * spacing_s};
}
double spacing_s(double bps) { return wire_s(segment_bytes, bps); }

// A step and what is known of it.
struct Seen {
  const Observation* step;
  double theory_s = 0;  // without chance
  bool stalls = false;  // a window did not hold a message
  double late_s = 0;    // what jitter is expected to add
};

std::vector<Seen> follow(const Runs& runs, const LiveLink& link) {
  Condition c;
  c.rtt_s = link.rtt_s;
  c.up_bps = link.up_bps;
  c.down_bps = link.down_bps;
  c.jitter_s = link.jitter_s;
  std::vector<Seen> all;
  for (const auto run : runs) {
    Connection connection(c, initial_window_segments, {}, {worlds, 1});
    for (const Observation& o : run) {
      const Waits waits = connection.exchange(o.exchanges);
      double beside_s = o.total_s - o.network_s - o.server_s;
      for (const engine::Exchange& e : o.exchanges) beside_s -= e.lead_s + e.tail_s;
      connection.rest(std::max(0.0, beside_s));
      if (o.retransmits > 0 || o.exchanges.size() != 1) continue;
      all.push_back({&o, waits.rtt_s + waits.wire_s, waits.rtt_s > 1.2 * link.rtt_s, waits.jitter_s});
    }
  }
  return all;
}

// The rate at which y grows with bytes; infinity where it does not clearly. What else there is does not
// shrink with sizes: where these are all alike they tell nothing.
double rate_of(const std::vector<double>& bits, const std::vector<double>& y_s, bool with_rest) {
  if (bits.size() < 2) return infinite;
  std::vector<std::vector<double>> columns = {bits};
  if (with_rest) {
    const auto [least, most] = std::minmax_element(bits.begin(), bits.end());
    if (*most < 1.5 * *least) return infinite;
    columns.emplace_back(bits.size(), 1.0);
  }
  const Coefficient slope = robust_fit(columns, y_s)[0];
  return slope.value > 0 && slope.value > 3 * slope.error ? 1 / slope.value : infinite;
}

// Replies that came within one round trip were not held up by a window.
double rate_down(const Runs& runs, const LiveLink& link) {
  std::vector<double> bits, coming_s, all_bits, all_s;
  std::mt19937_64 random(1);
  for (const auto run : runs) {
    for (const Observation& o : run) {
      const auto came = static_cast<double>(o.tcp.came);
      if (came < segment_bytes) continue;
      double s = seconds(o.tcp.coming);
      if (link.jitter_s > 0) {
        for (int i = 0; i < worlds; ++i) {
          const auto late = lateness(1 + segments(came), spacing_s(link.down_bps), link.jitter_s, random);
          s -= (late.last_s - late.first_s) / worlds;
        }
      }
      all_bits.push_back(wire_s(came, 1));
      all_s.push_back(s);
      if (s < 0.9 * link.rtt_s) bits.push_back(all_bits.back()), coming_s.push_back(s);
    }
  }
  constexpr std::size_t too_few = 4;
  return bits.size() < too_few ? rate_of(all_bits, all_s, false) : rate_of(bits, coming_s, false);
}

double up_s(const Seen& s, const LiveLink& link) { return wire_s(s.step->bytes_up, link.up_bps); }
double down_s(const Seen& s, const LiveLink& link) { return wire_s(s.step->bytes_down, link.down_bps); }

// Sizes of both ways are much alike: where replies do not show their own rate, one for both that their sum
// shows; where requests do not show theirs, that of the replies, for no link is limited one way only.
void rate_up(const std::vector<Seen>& steps, LiveLink& link, bool down_known) {
  // What came a round trip late was lost on its way down, which nobody here counts; as long as theory
  // explains most.
  const auto late = [&](const Seen& s) {
    return s.step->network_s - s.theory_s - s.late_s > std::max(0.8 * link.rtt_s, 5 * link.jitter_s);
  };
  const auto whole = [](const Seen& s) { return !s.stalls; };
  const bool some_whole = std::ranges::count_if(steps, whole) >= 8;
  const bool few_late = static_cast<std::size_t>(std::ranges::count_if(steps, late)) < steps.size() / 5;
  std::vector<double> bits, left_s;
  for (const Seen& s : steps) {
    if ((some_whole && !whole(s)) || (few_late && late(s))) continue;
    bits.push_back(wire_s(s.step->bytes_up, 1) + (down_known ? 0 : wire_s(s.step->bytes_down, 1)));
    left_s.push_back(s.step->network_s - s.theory_s + up_s(s, link) + (down_known ? 0 : down_s(s, link)) -
                     s.late_s);
  }
  link.up_bps = rate_of(bits, left_s, true);
  if (!down_known) link.down_bps = link.up_bps;
  if (std::isinf(link.up_bps)) link.up_bps = link.down_bps;
}

// Of four fifths of the values.
double width(const std::vector<double>& values) {
  return engine::quantile(values, 0.9) - engine::quantile(values, 0.1);
}

double noticeable(double jitter_s, const LiveLink& link) {
  return jitter_s > std::max(least_jitter_s, least_jitter * link.rtt_s) ? jitter_s : 0;
}

// Of the exchanges that one window holds, the smaller half: what is left of them scatters as two exponential
// delays of this scale would have them.
double jitter_of(const std::vector<Seen>& steps, const LiveLink& link) {
  std::vector<const Seen*> small;
  for (const Seen& s : steps) {
    if (!s.stalls && !s.step->prefill) small.push_back(&s);
  }
  if (small.size() < few) return 0;
  std::ranges::stable_sort(small, {}, [](auto* s) { return s->step->bytes_up + s->step->bytes_down; });
  small.resize(std::max(few, small.size() / 2));
  std::vector<double> left_s;
  left_s.reserve(small.size());
  for (const Seen* s : small) left_s.push_back(s->step->network_s - s->theory_s);
  const double found_s = width(left_s);
  double jitter_s = found_s / two_exponentials;
  for (int i = 0; i < rounds && jitter_s > 0; ++i) {
    std::mt19937_64 random(1);
    std::vector<double> expected_s;
    for (std::size_t d = 0; d < draws; ++d) {
      const Observation& o = *small[d % small.size()]->step;
      expected_s.push_back(
          lateness(segments(o.bytes_up), spacing_s(link.up_bps), jitter_s, random).last_s +
          lateness(segments(o.bytes_down), spacing_s(link.down_bps), jitter_s, random).last_s);
    }
    jitter_s *= found_s / width(expected_s);
  }
  return noticeable(jitter_s, link);
}

// Round trips of small messages with nothing else under way: two exponential delays, and nothing of one's own
// bursts. Empty where too few were probed.
std::optional<double> jitter_of_probes(const Runs& runs, const LiveLink& link) {
  std::vector<double> trips_s, spreads_s;
  for (const auto run : runs) {
    for (const Observation& o : run) {
      if (o.tcp.probe_bytes > 0) trips_s.push_back(seconds(o.tcp.probe));
      if (o.tcp.rtt_spread.count() > 0) spreads_s.push_back(seconds(o.tcp.rtt_spread));
    }
  }
  if (trips_s.size() < few_probes) return std::nullopt;
  // A busy machine wakes its programs late, which probes see and the kernel's acknowledgements do not; these
  // see one's own bursts. So jitter is no more than either says.
  const double own_s = wire_s(probe_bytes, link.up_bps) + wire_s(probe_bytes, link.down_bps);
  double jitter_s = std::max(0.0, engine::median(trips_s) - link.rtt_s - own_s) / median_of_two;
  if (!spreads_s.empty()) jitter_s = std::min(jitter_s, most_of_spread * engine::quantile(spreads_s, 0.25));
  return noticeable(jitter_s, link);
}

// A probe's answer counts what had been sent again by then.
std::optional<double> loss_down(const Runs& runs) {
  double sent = 0, sent_again = 0;
  bool told = false;
  for (const auto run : runs) {
    double so_far = 0, until = 0;
    std::uint32_t again = 0;
    for (const Observation& o : run) {
      if (o.tcp.probe_bytes > 0) {
        until = so_far;  // it was answered before this step's reply was sent
        again = o.tcp.peer_retransmits;
      }
      so_far += segments(o.bytes_down);
    }
    told = told || until > 0;
    sent += until;
    sent_again += again;
  }
  if (!told) return std::nullopt;
  return std::min(most_loss, sent_again / sent);
}

}  // namespace

LiveLink live_link(const Runs& runs) {
  LiveLink link;
  double sent = 0, sent_again = 0, delivered_bps = 0, least_s = infinite;
  for (const auto run : runs) {
    for (const Observation& o : run) {
      sent += segments(o.bytes_up);
      sent_again += o.retransmits;
      delivered_bps = std::max(delivered_bps, static_cast<double>(o.tcp.delivered_bps));
      if (o.tcp.rtt.count() > 0) least_s = std::min(least_s, seconds(o.tcp.rtt));
    }
  }
  if (std::isinf(least_s)) return link;
  link.rtt_s = least_s;
  link.loss_up = std::min(most_loss, sent_again / sent);
  link.loss_down = loss_down(runs);
  for (int i = 0; i < rounds; ++i) {
    const double down_bps = rate_down(runs, link);
    const bool down_known = !std::isinf(down_bps);
    if (down_known) link.down_bps = down_bps;
    rate_up(follow(runs, link), link, down_known);
    link.rtt_s = std::max(1e-6, least_s - 8 * syn_bytes * (1 / link.up_bps + 1 / link.down_bps));
    const auto probed = jitter_of_probes(runs, link);
    link.jitter_s = probed ? *probed : jitter_of(follow(runs, link), link);
  }
  // What was acknowledged at that rate has crossed at that rate, with its framing.
  link.up_bps = std::max(link.up_bps, delivered_bps * (1 + framing_bytes / segment_bytes));
  return link;
}

}  // namespace splitwan::model
