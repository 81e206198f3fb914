#include "netsim/ns3/sim/cubic_curve.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/tcp_constants.hh"

namespace splitwan::netsim::sim {

using ns3::Time;

namespace {

constexpr double beta = engine::tcp::cubic_beta, curve_c = engine::tcp::cubic_c;
constexpr std::uint32_t first_epoch_at_most = 20;  // 5 % per round trip while no loss was seen
constexpr std::uint32_t reno_share = 15;           // beta_scale, in eighths of a window

}  // namespace

std::uint32_t CubicCurve::threshold_after_loss(std::uint32_t window) {
  in_epoch_ = false;
  last_max_ = window < last_max_ ? static_cast<std::uint32_t>(window * (1 + beta) / 2) : window;
  return std::max(static_cast<std::uint32_t>(window * beta), 2u);
}

void CubicCurve::pause(Time silence, Time now) {
  if (in_epoch_ && silence.IsStrictlyPositive()) epoch_ = std::min(epoch_ + silence, now);
}

std::uint32_t CubicCurve::acks_per_segment(std::uint32_t window, std::uint32_t acked, Time now,
                                           Time least_rtt) {
  acked_ += acked;
  if (in_epoch_ && window == last_window_ && now - last_time_ <= ns3::Seconds(1) / 32) return count_;
  last_window_ = window;
  last_time_ = now;
  if (!in_epoch_) begin(window, acked, now);
  count_ = on_the_curve(window, now, least_rtt);
  if (last_max_ == 0) count_ = std::min(count_, first_epoch_at_most);

  const std::uint32_t share = std::max(window * reno_share / 8, 1u);
  reno_window_ += acked_ / share;
  acked_ %= share;
  if (reno_window_ > window) count_ = std::min(count_, window / (reno_window_ - window));
  return count_ = std::max(count_, 2u);
}

void CubicCurve::begin(std::uint32_t window, std::uint32_t acked, Time now) {
  in_epoch_ = true;
  epoch_ = now;
  acked_ = acked;
  reno_window_ = window;
  origin_ = std::max(last_max_, window);
  seconds_to_origin_ = std::cbrt((origin_ - window) / curve_c);
}

std::uint32_t CubicCurve::on_the_curve(std::uint32_t window, Time now, Time least_rtt) const {
  const double t = (now - epoch_ + least_rtt).GetSeconds() - seconds_to_origin_;
  const double away = std::floor(curve_c * std::abs(t * t * t));
  const double ahead = origin_ + (t < 0 ? -away : away) - window;
  return ahead > 0 ? static_cast<std::uint32_t>(window / ahead) : 100 * window;
}

}  // namespace splitwan::netsim::sim
