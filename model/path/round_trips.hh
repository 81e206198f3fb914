// What a sender has seen of its round trips, and how long it would wait for the next: tcp_rtt_estimator of
// Linux's net/ipv4/tcp_input.c, where the timeout is the smoothed round trip + a variation of 200 ms at least
// (not RFC 6298's maximum of the sum).
#pragma once

#include <algorithm>
#include <cmath>

namespace splitwan::model {

constexpr double least_timeout_s = 0.2;  // TCP_RTO_MIN, on top of the round trip

class RoundTrips {
 public:
  RoundTrips() = default;
  explicit RoundTrips(double first_s)
      : smooth_s_(first_s), deviation_s_(2 * first_s), variation_s_(std::max(deviation_s_, least_timeout_s)) {
    worst_s_ = variation_s_;
  }
  void see(double at, double rtt_s) {
    const double error = rtt_s - smooth_s_, more = std::abs(error) - deviation_s_ / 4;
    smooth_s_ += error / 8;
    // A shorter round trip is no reason to expect a longer one: slower by 8.
    deviation_s_ += error < 0 && more > 0 ? more / 8 : more;
    worst_s_ = std::max(worst_s_, deviation_s_);
    variation_s_ = std::max(variation_s_, worst_s_);
    if (at < round_end_) return;
    variation_s_ -= (variation_s_ - worst_s_) / 4;
    worst_s_ = least_timeout_s;
    round_end_ = at + smooth_s_;
  }
  double timeout_s() const { return smooth_s_ + variation_s_; }

 private:
  // Deviations are kept fourfold.
  double smooth_s_ = 0, deviation_s_ = 0, worst_s_ = 0, variation_s_ = 0, round_end_ = 0;
};

}  // namespace splitwan::model
