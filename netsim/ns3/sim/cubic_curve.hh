// How fast Linux's CUBIC widens its window in congestion avoidance, and how far it closes it on a loss
// (bictcp_update, cubictcp_recalc_ssthresh in net/ipv4/tcp_cubic.c). ns-3's own has another start of the
// epoch, does not pause it while nothing is sent, and hides both.
#pragma once

#include <ns3/nstime.h>

#include <cstdint>

namespace splitwan::netsim::sim {

class CubicCurve {  // windows in segments
 public:
  std::uint32_t threshold_after_loss(std::uint32_t window);  // ends the epoch
  void forget() { *this = {}; }                              // after a retransmission timeout
  void pause(ns3::Time silence, ns3::Time now);              // nothing was sent: the curve does not go on
  bool began_within(ns3::Time span, ns3::Time now) const { return in_epoch_ && now - epoch_ < span; }
  // How many segments must be acknowledged for the window to grow by one.
  std::uint32_t acks_per_segment(std::uint32_t window, std::uint32_t acked, ns3::Time now,
                                 ns3::Time least_rtt);

 private:
  void begin(std::uint32_t window, std::uint32_t acked, ns3::Time now);
  std::uint32_t on_the_curve(std::uint32_t window, ns3::Time now, ns3::Time least_rtt) const;

  std::uint32_t count_ = 0;     // the last answer
  std::uint32_t last_max_ = 0;  // the window at the last loss, 0 = none yet
  std::uint32_t last_window_ = 0;
  ns3::Time last_time_;
  bool in_epoch_ = false;
  ns3::Time epoch_;
  double origin_ = 0, seconds_to_origin_ = 0;
  std::uint32_t acked_ = 0, reno_window_ = 0;  // what Reno's window would be
};

}  // namespace splitwan::netsim::sim
