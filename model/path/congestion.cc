#include "model/path/congestion.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/tcp_constants.hh"
#include "engine/base/types.hh"

namespace splitwan::model {
namespace {

using namespace std::chrono_literals;
using engine::seconds;
using engine::tcp::cubic_beta, engine::tcp::cubic_c;

constexpr double offload_bytes = 65'216;           // sk_gso_max_size: 64 KiB without room for headers
constexpr std::uint32_t first_epoch_at_most = 20;  // 5 % per round trip while nothing was lost
constexpr std::uint32_t reno_share = 15;           // beta_scale, in eighths of a window
constexpr std::uint32_t knee_from = 16;            // hystart_low_window
constexpr int knee_samples = 8;                    // HYSTART_MIN_SAMPLES

}  // namespace

void Hystart::see(Nanos rtt) {
  rtt = std::max<Nanos>(rtt, 1us);
  if (least_rtt_ == Nanos{} || rtt < least_rtt_) least_rtt_ = rtt;
}

bool Hystart::ends_slow_start(const Ack& ack) {
  if (found_) return false;
  if (ack.acked > end_) {
    start_ = train_ = ack.now;
    end_ = ack.next;
    rtt_ = Nanos::max();
    samples_ = 0;
  }
  if (ack.window < knee_from) return false;
  // Acknowledgements that follow each other closely tell how long the link takes for a window: half a round
  // trip of them means that the next, doubled, fills it.
  if (ack.now - train_ <= 2ms) {
    train_ = ack.now;
    found_ = ack.now - start_ > (least_rtt_ + std::min<Nanos>(ack.burst, 1ms)) / 2;
  }
  rtt_ = std::min(rtt_, ack.rtt);
  if (samples_ < knee_samples) {
    ++samples_;
  } else if (rtt_ > least_rtt_ + std::clamp<Nanos>(least_rtt_ / 8, 4ms, 16ms)) {
    found_ = true;
  }
  return found_;
}

std::uint32_t Curve::threshold_after_loss(std::uint32_t window) {
  in_epoch_ = false;
  last_max_ = window < last_max_ ? static_cast<std::uint32_t>(window * (1 + cubic_beta) / 2) : window;
  return std::max(static_cast<std::uint32_t>(window * cubic_beta), 2u);
}

void Curve::pause(Nanos silence, Nanos now) {
  if (in_epoch_ && silence > Nanos{}) epoch_ = std::min(epoch_ + silence, now);
}

std::uint32_t Curve::acks_per_segment(std::uint32_t window, std::uint32_t acked, Nanos now, Nanos least_rtt) {
  acked_ += acked;
  if (in_epoch_ && window == last_window_ && now - last_time_ <= Nanos(1s) / 32) return count_;
  last_window_ = window;
  last_time_ = now;
  if (!in_epoch_) {
    in_epoch_ = true;
    epoch_ = now;
    acked_ = acked;
    reno_window_ = window;
    origin_ = std::max(last_max_, window);
    seconds_to_origin_ = std::cbrt((origin_ - window) / cubic_c);
  }
  count_ = on_the_curve(window, now, least_rtt);
  if (last_max_ == 0) count_ = std::min(count_, first_epoch_at_most);
  const std::uint32_t share = std::max(window * reno_share / 8, 1u);
  reno_window_ += acked_ / share;
  acked_ %= share;
  if (reno_window_ > window) count_ = std::min(count_, window / (reno_window_ - window));
  return count_ = std::max(count_, 2u);
}

std::uint32_t Curve::on_the_curve(std::uint32_t window, Nanos now, Nanos least_rtt) const {
  const double t = seconds(now - epoch_ + least_rtt) - seconds_to_origin_;
  const double away = std::floor(cubic_c * std::abs(t * t * t));
  const double ahead = origin_ + (t < 0 ? -away : away) - window;
  return ahead > 0 ? static_cast<std::uint32_t>(window / ahead) : 100 * window;
}

Congestion::Congestion(const engine::TcpSpec& tcp, std::uint32_t initial_window, std::uint32_t segment_bytes)
    : window(initial_window * segment_bytes),
      restarts_(tcp.slow_start_after_idle),
      decays_(tcp.app_limited_decay != "off"),
      decays_by_rfc_(tcp.app_limited_decay == "rfc2861"),
      initial_(initial_window),
      segment_(segment_bytes),
      seen_(seconds(tcp.min_rto), tcp.rto_form == "linux") {}

Nanos Congestion::timeout() const { return Nanos(std::llround(seen_.timeout_s() * 1e9)); }

// tcp_current_ssthresh: what the window was is remembered, so that slow start leads back to it.
void Congestion::remember() { threshold = std::max(threshold, (segments() / 2 + segments() / 4) * segment_); }

void Congestion::before_burst(Nanos now, bool open) {
  settle(open);
  if (!measured_) return;
  const Nanos idle = now - last_sent_;
  if (restarts_) nearest_pause_ = std::min(nearest_pause_, std::abs(seconds(idle) / seen_.timeout_s() - 1));
  if (restarts_ && idle > timeout()) restart_after(idle, now);
  curve_.pause(idle, now);
}

// tcp_slow_start_after_idle_check, tcp_cwnd_restart: halved once per timeout of silence.
void Congestion::restart_after(Nanos idle, Nanos now) {
  remember();
  std::uint32_t size = segments();
  const std::uint32_t least = std::min(initial_, size);
  const Nanos rto = timeout();
  while ((idle -= rto) > Nanos{} && size > least) size /= 2;
  window = std::max(size, least) * segment_;
  validated_ = now;
  used_ = 0;
}

void Congestion::sent(Nanos now, std::uint64_t end, bool open) {
  if (now != burst_.at) settle(open);
  burst_ = {true, now, acked_, segments()};
  sent_.push_back({end, now});
  last_sent_ = now;
}

// tcp_cwnd_validate, which Linux asks after each transmission: here when the next thing happens.
void Congestion::settle(bool open) {
  if (!burst_.open) return;
  burst_.open = false;
  const auto out = static_cast<std::uint32_t>(sent_.size());
  const bool limited = out >= burst_.window;
  if (burst_.acked >= round_end_ || limited || (!limited_ && out > most_out_)) {
    limited_ = limited;
    most_out_ = out;
    round_end_ = sent_.empty() ? acked_ : sent_.back().end;
  }
  validate(out, burst_.at, open);
}

// tcp_is_cwnd_limited: in slow start the window may become twice what was used.
bool Congestion::uses_window() const {
  return limited_ || (window < threshold && segments() < 2 * most_out_);
}

void Congestion::validate(std::uint32_t out, Nanos now, bool open) {
  if (uses_window()) {
    used_ = 0;
    validated_ = now;
    return;
  }
  used_ = std::max(used_, out);
  if (!decays_ || (!decays_by_rfc_ && !restarts_) || !measured_ || now - validated_ < timeout()) return;
  validated_ = now;
  if (!open) return;
  const std::uint32_t used = std::max(used_, initial_);
  if (used < segments()) {
    remember();
    window = (segments() + used) / 2 * segment_;
  }
  used_ = 0;
}

void Congestion::acknowledged(Nanos now, std::uint64_t up_to, std::uint64_t sent_to, Nanos smoothed,
                              bool open) {
  settle(open);
  acked_ = up_to;
  Nanos rtt{}, sent_twice{};
  for (; !sent_.empty() && sent_.front().end <= up_to; sent_.pop_front())
    (sent_.front().end > retransmitted_to_ ? rtt : sent_twice) = now - sent_.front().at;
  if (rtt == Nanos{}) {
    if (sent_twice == Nanos{}) return;
    last_sent_ = std::max(last_sent_, now - smoothed);
    rtt = smoothed;
  }
  if (rtt <= Nanos{}) return;
  measured_ = true;
  seen_.see(seconds(now), seconds(rtt));
  if (curve_.began_within(1s, now)) return;
  hystart_.see(rtt);
  if (window >= threshold) return;
  const double pace = (window < threshold / 2 ? 2 : 1.2) * window / seen_.smooth_s();
  const Nanos burst(std::llround(std::min(1e-3, 4 * offload_bytes / pace) * 1e9));
  if (hystart_.ends_slow_start({now, rtt, up_to, sent_to, segments(), burst})) threshold = window;
}

// cubictcp_cong_avoid, tcp_slow_start, tcp_cong_avoid_ai.
void Congestion::grow(Nanos now, std::uint32_t delivered_bytes) {
  if (decays_ && !decays_by_rfc_) validated_ = now;
  if (!uses_window()) return;
  std::uint32_t acked = (delivered_bytes + segment_ - 1) / segment_;
  if (window < threshold) {
    const std::uint32_t grown = std::min(acked, (threshold - window + segment_ - 1) / segment_);
    window = std::min(window + grown * segment_, threshold);
    acked -= grown;
    if (acked == 0) return;
  }
  const std::uint32_t needed = curve_.acks_per_segment(segments(), acked, now, hystart_.least_rtt());
  if (credit_ >= needed) {
    credit_ = 0;
    window += segment_;
  }
  credit_ += acked;
  window += credit_ / needed * segment_;
  credit_ %= needed;
}

void Congestion::timed_out(std::uint64_t sent_to) {
  recovers(sent_to);
  curve_.forget();
  hystart_.forget();
  window = segment_;
}

}  // namespace splitwan::model
