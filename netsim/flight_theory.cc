#include "netsim/flight_theory.hh"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/error.hh"

namespace splitwan::netsim {
namespace {

constexpr double kHeaderBytes = 54;  // IPv4 20, TCP 20, timestamps 12, PPP 2
constexpr double kHystartWindow = 16, kHystartSamples = 8, kTrainGap_s = 2e-3;  // tcp_cubic.c
constexpr double kAcksPerGrowth = 20;  // bictcp_update: of a connection that has not lost anything yet
constexpr double kNoThreshold = std::numeric_limits<double>::infinity();

double seconds(Nanos t) { return std::chrono::duration<double>(t).count(); }

void expect_plain(const LinkSpec& link, const char* direction) {
  const char* found = link.loss > 0 || link.bursts.to_bad > 0 ? "loss"
                      : link.jitter.law != JitterLaw::none    ? "jitter"
                      : !link.schedule.empty() || link.down   ? "a schedule"
                      : !link.opportunities.empty()           ? "delivery opportunities"
                      : !(link.bits_per_second > 0)           ? "no rate"
                                                              : nullptr;
  if (found)
    throw engine::Error("theory: expected {} to have a delay and a rate only, found {}", direction, found);
}

}  // namespace

FlightTheory::FlightTheory(const Edge& edge, const TcpSpec& tcp) : tcp_(tcp) {
  if (tcp.congestion != "cubic-linux")
    throw engine::Error("theory: expected congestion cubic-linux, found {}", tcp.congestion);
  expect_plain(edge.forward, "forward");
  expect_plain(edge.backward, "backward");
  ways_[0] = {seconds(edge.forward.delay), edge.forward.bits_per_second};
  ways_[1] = {seconds(edge.backward.delay), edge.backward.bits_per_second};
  for (Sender& sender : senders_) {
    sender.window = tcp.initial_window;
    sender.threshold = kNoThreshold;
  }
}

double FlightTheory::exchange(const Exchange& exchange) {
  now_ += seconds(exchange.idle_before);
  const double start = now_;
  now_ = carry(true, static_cast<double>(exchange.request));
  now_ = carry(false, static_cast<double>(exchange.answer));
  return now_ - start;
}

double FlightTheory::Way::send(double t, double bytes) {
  free = std::max(free, t) + (bytes + kHeaderBytes) * 8 / bits_per_second;
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
    }
  };
  on_start(sender, now_);
  release(now_);
  for (std::size_t i = 0; i < segments; ++i) {
    sender.last_sent = sent_at[i];
    on_ack(sender, acked_at[i], acked_at[i] - sent_at[i], size_of(i));
    release(acked_at[i]);
  }
  return delivered;
}

// tcp_slow_start_after_idle_check, tcp_cwnd_restart.
void FlightTheory::on_start(Sender& sender, double t) const {
  if (sender.srtt == 0) return;
  const double timeout = rto(sender), initial = std::min<double>(tcp_.initial_window, sender.window);
  double idle = t - sender.last_sent;
  if (!tcp_.slow_start_after_idle || idle <= timeout) return validate(sender, t, 0);
  sender.threshold = std::max(sender.threshold, 0.75 * sender.window);
  while ((idle -= timeout) > 0 && sender.window > initial) sender.window /= 2;
  sender.window = std::max(sender.window, initial);
  sender.validated = t;
  sender.used = 0;
}

void FlightTheory::on_ack(Sender& sender, double t, double rtt, double bytes) const {
  sample(sender, t, rtt);
  look_for_the_knee(sender, t, rtt);
  if (sender.acked >= sender.hystart_end) {
    sender.hystart_end = sender.sent;
    sender.round_start = sender.train = t;
    sender.round_rtt = sender.samples = 0;
  }
  const auto in_flight = static_cast<double>(sender.sent - sender.acked);
  const bool limited = in_flight + 1 > sender.window;
  ++sender.acked;
  if (sender.acked >= sender.usage_end || limited || (!sender.limited && in_flight > sender.most_out)) {
    sender.limited = limited;
    sender.most_out = in_flight;
    sender.usage_end = sender.sent;
  }
  validate(sender, t, in_flight);

  sender.leftover += bytes;
  const double acked = std::floor(sender.leftover / tcp_.segment);
  sender.leftover -= acked * tcp_.segment;
  if (sender.window >= sender.threshold)
    sender.window += acked / kAcksPerGrowth;
  else if (sender.limited || sender.window < 2 * sender.most_out)
    sender.window += acked;
  if (tcp_.app_limited_decay == "linux") sender.validated = t;
}

// tcp_cwnd_validate, tcp_cwnd_application_limited.
void FlightTheory::validate(Sender& sender, double t, double in_flight) const {
  const bool slow_start = sender.window < sender.threshold;
  if (sender.limited || (slow_start && sender.window < 2 * sender.most_out)) {
    sender.used = 0;
    sender.validated = t;
    return;
  }
  sender.used = std::max(sender.used, in_flight);
  if (tcp_.app_limited_decay != "rfc2861" || t - sender.validated < rto(sender)) return;
  const double used = std::max<double>(sender.used, tcp_.initial_window);
  if (used < sender.window) {
    sender.threshold = std::max(sender.threshold, 0.75 * sender.window);
    sender.window = (sender.window + used) / 2;
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

// HyStart: slow start ends when acknowledgements fill a round trip, or when the round trip has grown.
void FlightTheory::look_for_the_knee(Sender& sender, double t, double rtt) const {
  rtt = std::floor(rtt * 1e3) * 1e-3;  // TCP timestamps count milliseconds
  if (sender.least_rtt == 0 || rtt < sender.least_rtt) sender.least_rtt = rtt;
  if (sender.window < kHystartWindow || sender.window > sender.threshold || sender.found) return;
  if (t - sender.train <= kTrainGap_s) {
    sender.train = t;
    sender.found = t - sender.round_start > sender.least_rtt;
  }
  if (sender.samples < kHystartSamples) {
    sender.round_rtt = sender.samples++ == 0 ? rtt : std::min(sender.round_rtt, rtt);
  } else if (sender.round_rtt > 2 * sender.least_rtt) {
    sender.found = true;
  }
  if (sender.found) sender.threshold = sender.window;
}

double theory_of(const TrafficPattern& pattern, const Edge& edge, const TcpSpec& tcp) {
  FlightTheory theory(edge, tcp);
  for (const Exchange& exchange : pattern.before) theory.exchange(exchange);
  return theory.exchange(pattern.measured);
}

}  // namespace splitwan::netsim
