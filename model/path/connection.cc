#include "model/path/connection.hh"

#include <cmath>
#include <limits>

#include "model/path/link.hh"

namespace splitwan::model {
namespace {

// Of tcp_cubic.c. HyStart looks for the end of slow start from 16 segments on, in acknowledgements less than
// 2 ms apart; an unpaced socket is allowed what one offloaded packet (65,216 bytes) may take at twice the
// pace, 1 ms at most.
constexpr double knee_from = 16, train_gap_s = 2e-3, offload_bytes = 65'216, longest_offload_s = 1e-3;
constexpr double cubic = engine::tcp::rfc_cubic_c;             // segments per cubed second
constexpr double slowest_growth = 0.05, fastest_growth = 0.5;  // segments per acknowledgement
constexpr double duplicates = 3;  // acknowledgements behind a gap that give a loss away (RFC 5681)

constexpr double kept_after_loss = engine::tcp::rfc_cubic_beta;
constexpr double least_window = 2;

double chance_of_loss(double loss, double segments) { return 1 - std::pow(1 - loss, segments); }

// Gauss-Legendre on [0, 1].
constexpr double nodes[] = {0.019855071751231884, 0.10166676129318664, 0.2372337950418355,
                            0.4082826787521751,   0.5917173212478249,  0.7627662049581645,
                            0.8983332387068134,   0.9801449282487681};
constexpr double weights[] = {0.05061426814518813, 0.11119051722668724, 0.15685332293894363,
                              0.18134189168918100, 0.18134189168918100, 0.15685332293894363,
                              0.11119051722668724, 0.05061426814518813};
constexpr double negligible = 1e-4;

}  // namespace

// Expected delay of the last segment's arrival, in the jitter's scale, when each is late by an exponential
// time and none overtakes: that of the largest of lateness less how long before the last it was sent. n at
// once: 1 + 1/2 + .. + 1/n.
double Connection::latest(const Way& way, double segments) const {
  const double apart = std::exp(-way.segment_s / way.jitter_s);
  double sum = 0;
  for (int i = 0; i < 8; ++i) {
    double all_early = 1, weight = 1;
    for (double k = 0; k < segments && weight > negligible; ++k, weight *= apart)
      all_early *= 1 - weight * nodes[i];
    sum += weights[i] * (1 - all_early) / nodes[i];
  }
  return sum;
}

Connection::Connection(const Condition& condition, double initial_window, const Chance& chance)
    : condition_(condition), chance_(chance), initial_window_(initial_window) {
  const double infinite = std::numeric_limits<double>::infinity();
  const double rates[2] = {condition.up_bps, condition.down_bps};
  const double losses[2] = {condition.loss_up(), condition.loss_down()};
  const double jitters[2] = {condition.jitter_up_s(), condition.jitter_down_s()};
  jitter_s_ = std::max(jitters[0], jitters[1]);
  const auto share = [&](double jitter_s) { return jitter_s_ > 0 ? jitter_s / jitter_s_ : 0; };
  for (int way = 0; way < 2; ++way) {
    const double bit_s = 1 / rates[way];
    ways_[way] = {(segment_bytes + framing_bytes) * 8 * bit_s,
                  8 * bit_s,
                  framing_bytes * 8 / rates[1 - way],
                  losses[way],
                  jitters[way],
                  share(jitters[way]),
                  share(jitters[1 - way])};
    senders_[way].open = {initial_window, infinite};
    senders_[way].seen = RoundTrips(condition.rtt_s);  // of the greeting
  }
}

Trip Connection::exchange(double bytes_up, double bytes_down, double server_s) {
  Trip trip;
  const double begin = now_;
  now_ += send(0, bytes_up, trip) + server_s;
  now_ += send(1, bytes_down, trip);
  trip.wire_s = wire_s(bytes_up, condition_.up_bps) + wire_s(bytes_down, condition_.down_bps);
  trip.rtt_s = std::max(0.0, now_ - begin - server_s - trip.wire_s);
  trip.recovery_s *= chance_.recovery;
  trip.timeout_s *= chance_.timeout;
  trip.jitter_s *= chance_.jitter;
  now_ += trip.jitter_s;  // losses are rare: between them nobody is idle any longer
  return trip;
}

void Connection::idle(Sender& sender) const {
  if (!sender.used) return;
  const double timeout_s = sender.seen.timeout_s(), left = now_ - sender.last_sent - timeout_s;
  if (left <= 0) return;
  idle(sender.open, left, timeout_s);
  idle(sender.closed, left, timeout_s);
}

// tcp_slow_start_after_idle_check, tcp_cwnd_restart: half the window goes with every timeout that passes.
void Connection::idle(Window& window, double left, double timeout_s) const {
  const double least = std::min(initial_window_, window.size);
  window.threshold = std::max(window.threshold, 0.75 * window.size);
  for (; left > 0 && window.size > least; left -= timeout_s) window.size = std::floor(window.size / 2);
  window.size = std::max(window.size, least);
}

// The acknowledgements of segments that leave from `begin` on, one flight and what follows it without a gap.
// Returns when the last of them left. Those of the flight before, `released`, let go two each at first and
// one each later; none: all leave at once. Each waits in the queue for the ones ahead of it; behind a window
// that keeps the link busy it waits for that.
double Connection::see(RoundTrips* seen, const Way& way, double begin, double segments, double released,
                       const Window& window) const {
  const double base_s = condition_.rtt_s + way.segment_s + way.acknowledgement_s;
  const double size = std::floor(window.size), growth = window.size < window.threshold ? 0.5 : slowest_growth;
  double left_at = begin;
  for (double i = seen ? 0 : segments - 1; i < segments; ++i) {
    const double queued = released > 0 ? std::min(std::ceil(i / 2), std::max(0.0, size - released)) : i;
    const double rtt_s = i < size ? base_s + queued * way.segment_s
                                  : std::max(base_s, (size + (i - size) * growth) * way.segment_s);
    const double acknowledged_at = begin + base_s + i * way.segment_s;
    if (seen) seen->see(acknowledged_at, rtt_s);
    left_at = acknowledged_at - rtt_s;
  }
  return left_at;
}

// `seen`: where the round trips are noted, if anywhere.
Connection::Carried Connection::carry(Window& window, const Way& way, double segments, double last_s,
                                      RoundTrips* seen) const {
  const double round_s = condition_.rtt_s + way.segment_s + way.acknowledgement_s;
  Carried carried;
  double left = segments, released = 0;
  bool limited = false;
  for (;;) {
    const double whole = std::max(1.0, std::floor(window.size)), early = early_in(window);
    const double size =
        carried.flights == 0 && early > 0 ? whole - early : whole;  // the greeting has its share
    limited = limited || left >= size;
    // A window that covers the round trip keeps the link busy: the rest follows without a gap.
    if (left <= size || size * way.segment_s >= round_s) {
      carried.last_sent_s = see(seen, way, now_ + carried.seconds, left, released, window) - now_;
      if (carried.flights > 0)
        carried.seconds -= left <= early ? window.ahead_s : std::min(window.ahead_s, early * way.segment_s);
      break;
    }
    see(seen, way, now_ + carried.seconds, size, released, window);
    released = size;
    left -= size;
    carried.seconds += round_s;
    ++carried.flights;
    carried.jitter += way.own_share + way.other_share;  // of the first segment, of its acknowledgement
    acknowledged(window, way, whole, true);
  }
  acknowledged(window, way, left, limited);
  window.in_use_s += carried.seconds + round_s;
  if (way.jitter_s > 0) carried.jitter += latest(way, left) * way.own_share;
  carried.seconds += (left - 1) * way.segment_s + last_s + condition_.rtt_s / 2;
  return carried;
}

// Time until the last byte is there.
double Connection::send(int direction, double bytes, Trip& trip) {
  Sender& sender = senders_[direction];
  const Way& way = ways_[direction];
  const double segments = std::max(1.0, std::ceil(bytes / segment_bytes));
  const double last_s = (bytes - (segments - 1) * segment_bytes + framing_bytes) * way.byte_s;
  idle(sender);
  sender.open.ahead_s = direction == 0 && !sender.used && now_ < condition_.rtt_s ? now_ + way.segment_s : 0;
  Carried carried = carry(sender.open, way, segments, last_s, &sender.seen);
  const double closed = sender.closed_share;
  if (closed > 0) {
    const Carried other = carry(sender.closed, way, segments, last_s, nullptr);
    carried.seconds += closed * (other.seconds - carried.seconds);
    carried.jitter += closed * (other.jitter - carried.jitter);
    carried.last_sent_s += closed * (other.last_sent_s - carried.last_sent_s);
  }
  sender.used = true;
  sender.last_sent = now_ + carried.last_sent_s;
  trip.jitter_s += carried.jitter * jitter_s_;
  if (way.loss == 0) return carried.seconds;

  const double any = chance_of_loss(way.loss, segments);
  const double at_end = chance_of_loss(way.loss, std::min(segments, duplicates));
  trip.recovery_s += (any - at_end) * condition_.rtt_s;
  trip.timeout_s += at_end * (condition_.rtt_s + least_timeout_s);
  const auto lost = [](const Window& w) {
    const double size = std::max(least_window, kept_after_loss * w.size);
    return Window{size, size, w.size, std::cbrt((w.size - size) / cubic), 0};
  };
  // The mean of those that lost now, from either state, and of those that lost before.
  const Window parts[] = {lost(sender.open), lost(sender.closed), sender.closed};
  const double shares[] = {(1 - closed) * any, closed * any, closed * (1 - any)};
  Window mean{};
  sender.closed_share = shares[0] + shares[1] + shares[2];
  for (int i = 0; i < 3; ++i) {
    if (shares[i] == 0) continue;
    const double share = shares[i] / sender.closed_share;
    mean.size += share * parts[i].size;
    mean.threshold += share * parts[i].threshold;
    mean.most += share * parts[i].most;
    mean.rise_s += share * parts[i].rise_s;
    mean.in_use_s += share * parts[i].in_use_s;
  }
  sender.closed = mean;
  return carried.seconds;
}

// Do the early segments' acknowledgements run into the others'?
bool Connection::in_one_train(const Window& w, const Way& way) const {
  return w.ahead_s - (early_in(w) - 1) * way.segment_s <= train_gap_s ||
         w.size * way.segment_s >= condition_.rtt_s;
}

// The window after one flight's acknowledgements. In slow start each adds a segment, but none beyond twice
// what was ever under way at once; a train of them that lasts half the round trip ends slow start (HyStart).
void Connection::acknowledged(Window& window, const Way& way, double segments, bool limited) const {
  const double before = window.size;
  if (before < window.threshold) {
    const double most = limited ? before + segments : std::max(before, 2 * segments);
    const double grown = std::min({before + segments, most, window.threshold});
    const double offload_s =
        std::min(longest_offload_s, 4 * offload_bytes / (2 * before * segment_bytes / condition_.rtt_s));
    const double train = std::floor((condition_.rtt_s + offload_s) / 2 / way.segment_s) + 2;
    const double at_knee = std::max(std::min(before + train, grown), std::min(knee_from, grown));
    const bool found = way.segment_s > 0 && way.segment_s <= train_gap_s && train <= segments &&
                       grown >= knee_from && window.most == 0 && in_one_train(window, way);
    window.size = found ? at_knee : grown;
    if (found) window = {window.size, window.size, window.size, 0, 0, window.ahead_s};
    return;
  }
  if (!limited) return;
  const double target = window.most + cubic * std::pow(window.in_use_s + condition_.rtt_s - window.rise_s, 3);
  const double growth = std::clamp((target - before) / before, slowest_growth, fastest_growth);
  window.size = before + segments * growth;
}

}  // namespace splitwan::model
