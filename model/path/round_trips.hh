// What a sender has seen of its round trips, and how long it would wait for the next: tcp_rtt_estimator of
// Linux's net/ipv4/tcp_input.c, where the timeout is the smoothed round trip + a variation of 200 ms at
// least; or RFC 6298's, where 200 ms bound the sum.
#pragma once

#include <algorithm>
#include <cmath>

namespace splitwan::model {

constexpr double least_timeout_s = 0.2;  // TCP_RTO_MIN

class RoundTrips {
 public:
  explicit RoundTrips(double least_s = least_timeout_s, bool as_linux = true)
      : least_s_(least_s), linux_(as_linux) {}
  void see(double at, double rtt_s) { linux_ ? see_as_linux(at, rtt_s) : see_as_rfc(rtt_s); }
  double smooth_s() const { return smooth_s_; }
  double timeout_s() const { return std::max(smooth_s_ + std::max(clock_s, variation_s_), least_s_); }

 private:
  static constexpr double clock_s = 1e-3;
  // Deviations are kept fourfold.
  void see_as_linux(double at, double rtt_s) {
    if (smooth_s_ == 0) {
      smooth_s_ = rtt_s;
      deviation_s_ = 2 * rtt_s;  // a first timeout of three round trips
      variation_s_ = worst_s_ = std::max(deviation_s_, least_s_);
      round_end_ = at;
      return;
    }
    const double error = rtt_s - smooth_s_, more = std::abs(error) - deviation_s_ / 4;
    smooth_s_ += error / 8;
    // A shorter round trip is no reason to expect a longer one: slower by 8.
    deviation_s_ += error < 0 && more > 0 ? more / 8 : more;
    if (deviation_s_ > worst_s_) {
      worst_s_ = deviation_s_;
      variation_s_ = std::max(variation_s_, worst_s_);
    }
    if (at < round_end_) return;
    if (worst_s_ < variation_s_) variation_s_ -= (variation_s_ - worst_s_) / 4;
    round_end_ = at + smooth_s_;
    worst_s_ = least_s_;
  }
  void see_as_rfc(double rtt_s) {
    if (smooth_s_ == 0) {
      smooth_s_ = rtt_s;
      variation_s_ = 2 * rtt_s;
      return;
    }
    variation_s_ += (4 * std::abs(rtt_s - smooth_s_) - variation_s_) / 4;
    smooth_s_ += (rtt_s - smooth_s_) / 8;
  }

  double least_s_;
  bool linux_;
  double smooth_s_ = 0, deviation_s_ = 0, worst_s_ = 0, variation_s_ = 0, round_end_ = 0;
};

}  // namespace splitwan::model
