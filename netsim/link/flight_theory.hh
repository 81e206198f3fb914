// How long messages should take over TCP on a link that loses nothing, without a simulator: a recurrence over
// segments. Segment i may set out when the window allows; it has left the link when its predecessor has and
// its own bits are out; its acknowledgement comes back likewise and moves the window on by Linux's rules
// (tcp_input.c, tcp_output.c, tcp_cubic.c). No queue is ever full.
// It has its own code for all of that, not its own opinion: splitwan-sim's congestion control was written
// from the same kernel sources by the same people. That they agree shows that ns-3 carries the rules out;
// whether the rules are Linux's, only a kernel can say (VALIDATION.md).
#pragma once

#include <vector>

#include "netsim/link/link_simulator.hh"
#include "netsim/link/traffic_pattern.hh"

namespace splitwan::netsim {

// A connection on which one message flies at a time. Seconds.
class FlightTheory {
 public:
  // Throws Error where it says nothing: loss, jitter, schedules, opportunities, a congestion control other
  // than cubic-linux.
  FlightTheory(const Edge& edge, const TcpSpec& tcp);

  // From request to the end of its answer, less how long the other end held it.
  double exchange(const Exchange& exchange, double held_s = 0);
  double window(bool forward) const { return senders_[forward ? 0 : 1].window; }  // segments

 private:
  struct Way {
    double delay = 0, bits_per_second = 0;
    double free = 0;                      // the link has sent all that it was given
    double send(double t, double bytes);  // when the last bit has left
  };
  struct Knee {  // where slow start ends; the round is that of one window
    double least_rtt = 0;
    bool found = false;
    std::size_t round_ends_at = 0;  // segments counted over all messages
    double round_began = 0, train_reached = 0, round_least = 0;
    std::size_t samples = 0;
  };
  struct Sender {
    double window = 0, threshold = 0;  // segments
    double used = 0, validated = 0;    // RFC 2861: most in flight since, time of the last use or decay
    double last_sent = 0;
    double srtt = 0, deviation = 0, worst_deviation = 0, variation = 0, round_end = 0;
    std::size_t sent = 0, acked = 0;  // segments, over all messages
    bool limited = false;
    std::size_t usage_end = 0;
    double most_out = 0;
    bool in_epoch = false;  // CUBIC's, once slow start is over
    double epoch = 0, epoch_window = 0, credit = 0;
    double curve_window = 0, curve_at = 0, curve_acks = 0;
    Knee knee;
  };

  double carry(bool forward, double bytes);  // returns the time at which the last byte is there
  void on_start(Sender& sender, double t) const;
  void on_ack(Sender& sender, double t, double rtt) const;
  void sample(Sender& sender, double t, double rtt) const;
  void look_for_the_knee(Sender& sender, double t, double rtt) const;
  void note_use(Sender& sender, double t) const;
  static bool uses_window(const Sender& sender);
  static void remember(Sender& sender);
  static double acks_per_segment(Sender& sender, double t);
  double rto(const Sender& sender) const;

  TcpSpec tcp_;
  Way ways_[2];
  Sender senders_[2];
  double now_ = 0;
};

// The pattern's measured exchange, in seconds.
double theory_of(const TrafficPattern& pattern, const Edge& edge, const TcpSpec& tcp);

}  // namespace splitwan::netsim
