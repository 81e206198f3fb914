#include "netsim/link/flight_theory.hh"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.hh"
#include "netsim/link/network_spec.hh"

namespace splitwan::netsim {
namespace {

using engine::seconds;

constexpr double header_bytes = 54;  // IPv4 20, TCP 20, timestamps 12, PPP 2
// Of tcp_cubic.c and sock.h, in segments and seconds.
constexpr double knee_from = 16, knee_samples = 8, train_gap_s = 2e-3;
constexpr double offload_bytes = 65'216;      // the largest packet that a socket hands to the device
constexpr double linux_cubic = 410.0 / 1024;  // segments per cubed second
constexpr double no_threshold = std::numeric_limits<double>::infinity();

void expect_plain(const LinkSpec& link, const char* direction) {
  const char* found = link.loss > 0 || link.bursts.to_bad > 0 ? "loss"
                      : link.jitter.law != JitterLaw::none    ? "jitter"
                      : !link.schedule.empty() || link.down   ? "a schedule"
                      : !link.opportunities.empty()           ? "delivery opportunities"
                      : !link.losses.empty()                  ? "recorded losses"
                      : link.cross.bits_per_second > 0        ? "cross traffic"
                      : !(link.bits_per_second > 0)           ? "no rate"
                                                              : nullptr;
  if (found)
    throw engine::Error("theory: expected {} to have a delay and a rate only, found {}", direction, found);
}

}  // namespace

FlightTheory::FlightTheory(const Edge& edge, const TcpSpec& tcp) : tcp_(tcp) {
  tcp_.segment = segment_bytes(tcp, {&edge, 1});
  if (tcp.congestion != "cubic-linux")
    throw engine::Error("theory: expected congestion cubic-linux, found {}", tcp.congestion);
  if (edge.sessions.count > 0)
    throw engine::Error("theory: expected a link of one session, found {} others", edge.sessions.count);
  expect_plain(edge.forward, "forward");
  expect_plain(edge.backward, "backward");
  ways_[0] = {seconds(edge.forward.delay), edge.forward.bits_per_second};
  ways_[1] = {seconds(edge.backward.delay), edge.backward.bits_per_second};
  for (Sender& sender : senders_) {
    sender.window = tcp.initial_window;
    sender.threshold = no_threshold;
  }
}

double FlightTheory::exchange(const Exchange& exchange, double held_s) {
  now_ += seconds(exchange.idle_before);
  const double start = now_;
  now_ = carry(true, static_cast<double>(exchange.request)) + held_s;
  now_ = carry(false, static_cast<double>(exchange.answer));
  return now_ - start - held_s;
}

double FlightTheory::Way::send(double t, double bytes) {
  free = std::max(free, t) + (bytes + header_bytes) * 8 / bits_per_second;
  return free;
}

double FlightTheory::carry(bool forward, double bytes) {
  Way &there = ways_[forward ? 0 : 1], &back = ways_[forward ? 1 : 0];
  Sender& sender = senders_[forward ? 0 : 1];
  const double segment = tcp_.segment;
  const auto segments = static_cast<std::size_t>(std::ceil(bytes / segment));
  const auto size_of = [&](std::size_t i) {
    return std::min(segment, bytes - segment * static_cast<double>(i));
  };

  std::vector<double> sent_at, acked_at;
  double delivered = 0;
  const auto release = [&](double t) {
    while (sent_at.size() < segments &&
           static_cast<double>(sender.sent - sender.acked) < std::floor(sender.window)) {
      delivered = there.send(t, size_of(sent_at.size())) + there.delay;
      sent_at.push_back(t);
      acked_at.push_back(back.send(delivered, 0) + back.delay);
      ++sender.sent;
      sender.last_sent = t;
    }
  };
  on_start(sender, now_);
  release(now_);
  note_use(sender, now_);
  for (std::size_t i = 0; i < segments; ++i) {
    const double t = acked_at[i];
    on_ack(sender, t, t - sent_at[i]);
    const std::size_t before = sent_at.size();
    release(t);
    if (sent_at.size() > before) note_use(sender, t);
  }
  return delivered;
}

// tcp_slow_start_after_idle_check, tcp_cwnd_restart.
void FlightTheory::on_start(Sender& sender, double t) const {
  if (sender.srtt == 0) return;
  const double timeout = rto(sender), initial = std::min<double>(tcp_.initial_window, sender.window);
  double idle = t - sender.last_sent;
  if (sender.in_epoch) sender.epoch += idle;  // CUBIC's clock stands while nothing is sent
  if (!tcp_.slow_start_after_idle || idle <= timeout) return;
  remember(sender);
  while ((idle -= timeout) > 0 && sender.window > initial) sender.window = std::floor(sender.window / 2);
  sender.window = std::max(sender.window, initial);
  sender.validated = t;
  sender.used = 0;
}

// tcp_current_ssthresh
void FlightTheory::remember(Sender& sender) {
  sender.threshold =
      std::max(sender.threshold, std::floor(sender.window / 2) + std::floor(sender.window / 4));
}

void FlightTheory::on_ack(Sender& sender, double t, double rtt) const {
  sample(sender, t, rtt);
  ++sender.acked;
  look_for_the_knee(sender, t, rtt);
  if (tcp_.app_limited_decay == "linux") sender.validated = t;
  if (!uses_window(sender)) return;
  if (sender.window < sender.threshold)
    ++sender.window;
  else if (++sender.credit >= acks_per_segment(sender, t)) {
    sender.credit = 0;
    ++sender.window;
  }
}

// bictcp_update where nothing was ever lost: the curve begins flat at the window of its first moment, and 20
// acknowledgements are the most that a segment of growth may cost. Reno would be slower above 11 segments.
double FlightTheory::acks_per_segment(Sender& sender, double t) {
  if (!sender.in_epoch) {
    sender.in_epoch = true;
    sender.epoch = t;
    sender.epoch_window = sender.window;
  }
  if (sender.window == sender.curve_window && t - sender.curve_at <= 1.0 / 32) return sender.curve_acks;
  sender.curve_window = sender.window;
  sender.curve_at = t;
  const double ahead = sender.epoch_window +
                       std::floor(linux_cubic * std::pow(t - sender.epoch + sender.knee.least_rtt, 3)) -
                       sender.window;
  sender.curve_acks = ahead > 0 ? std::clamp(std::floor(sender.window / ahead), 2.0, 20.0) : 20;
  return sender.curve_acks;
}

bool FlightTheory::uses_window(const Sender& sender) {
  return sender.limited || (sender.window < sender.threshold && sender.window < 2 * sender.most_out);
}

// After each transmission: tcp_cwnd_validate, tcp_cwnd_application_limited.
void FlightTheory::note_use(Sender& sender, double t) const {
  const auto out = static_cast<double>(sender.sent - sender.acked);
  const bool limited = out >= sender.window;
  if (sender.acked >= sender.usage_end || limited || (!sender.limited && out > sender.most_out)) {
    sender.limited = limited;
    sender.most_out = out;
    sender.usage_end = sender.sent;
  }
  if (uses_window(sender)) {
    sender.used = 0;
    sender.validated = t;
    return;
  }
  sender.used = std::max(sender.used, out);
  if (tcp_.app_limited_decay != "rfc2861" || sender.srtt == 0 || t - sender.validated < rto(sender)) return;
  const double used = std::max<double>(sender.used, tcp_.initial_window);
  if (used < sender.window) {
    remember(sender);
    sender.window = std::floor((sender.window + used) / 2);
  }
  sender.validated = t;
  sender.used = 0;
}

// tcp_rtt_estimator; deviations are kept fourfold, as there.
void FlightTheory::sample(Sender& sender, double t, double rtt) const {
  const double least = seconds(tcp_.min_rto);
  if (sender.srtt == 0) {
    sender.srtt = rtt;
    sender.deviation = 2 * rtt;
    sender.variation = sender.worst_deviation = std::max(sender.deviation, least);
    sender.round_end = t;
    return;
  }
  double error = rtt - sender.srtt;
  sender.srtt += error / 8;
  const bool shorter = error < 0;
  error = std::abs(error) - sender.deviation / 4;
  sender.deviation += shorter && error > 0 ? error / 8 : error;
  sender.worst_deviation = std::max(sender.worst_deviation, sender.deviation);
  sender.variation = std::max(sender.variation, sender.worst_deviation);
  if (t < sender.round_end) return;
  if (sender.worst_deviation < sender.variation)
    sender.variation -= (sender.variation - sender.worst_deviation) / 4;
  sender.round_end = t + sender.srtt;
  sender.worst_deviation = least;
}

double FlightTheory::rto(const Sender& sender) const {
  if (tcp_.rto_form == "linux") return sender.srtt + sender.variation;
  return std::max(sender.srtt + sender.deviation, seconds(tcp_.min_rto));
}

// hystart_update, of a socket that is not paced. The first acknowledgement of a window opens a round. Slow
// start has found the knee when acknowledgements less than 2 ms apart have come for half of the shortest
// round trip since the round began (and half of what one offloaded packet may take, at most 1 ms): the window
// then fills half the link, and its double all of it. Or when eight samples and more of one round are all
// above the shortest by an eighth of it (4 ms at least, 16 at most): a queue has formed.
void FlightTheory::look_for_the_knee(Sender& sender, double t, double rtt) const {
  Knee& knee = sender.knee;
  if (sender.in_epoch && t - sender.epoch < 1) return;
  knee.least_rtt = knee.least_rtt == 0 ? rtt : std::min(knee.least_rtt, rtt);
  if (knee.found || sender.window >= sender.threshold) return;
  if (sender.acked > knee.round_ends_at)
    knee = {knee.least_rtt, false, sender.sent, t, t, std::numeric_limits<double>::infinity(), 0};
  if (sender.window < knee_from) return;

  if (t - knee.train_reached <= train_gap_s) {
    knee.train_reached = t;
    const double pace = 2 * sender.window * tcp_.segment / sender.srtt;  // twice the window per round trip
    const double offload = std::min(1e-3, 4 * offload_bytes / pace);
    knee.found = t - knee.round_began > (knee.least_rtt + offload) / 2;
  }
  knee.round_least = std::min(knee.round_least, rtt);
  if (++knee.samples > knee_samples &&
      knee.round_least > knee.least_rtt + std::clamp(knee.least_rtt / 8, 4e-3, 16e-3))
    knee.found = true;
  if (knee.found) sender.threshold = sender.window;
}

double theory_of(const TrafficPattern& pattern, const Edge& edge, const TcpSpec& tcp) {
  FlightTheory theory(edge, tcp);
  for (const Exchange& exchange : pattern.before) theory.exchange(exchange);
  return theory.exchange(pattern.measured);
}

}  // namespace splitwan::netsim
