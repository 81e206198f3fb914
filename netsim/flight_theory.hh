// How long messages should take over TCP on a link that loses nothing, from first principles and without
// ns-3: a recurrence over segments. Segment i may set out when the window allows; it has left the link when
// its predecessor has and its own bits are out; its acknowledgement comes back likewise and moves the window
// on by Linux's rules (tcp_input.c, tcp_output.c). No queue is ever full.
#pragma once

#include <vector>

#include "netsim/link_simulator.hh"
#include "netsim/traffic_pattern.hh"

namespace splitwan::netsim {

// A connection on which one message flies at a time. Seconds.
class FlightTheory {
 public:
  // Throws Error where it says nothing: loss, jitter, schedules, opportunities, a congestion control other
  // than cubic-linux.
  FlightTheory(const Edge& edge, const TcpSpec& tcp);

  double exchange(const Exchange& exchange);  // from request to the end of its answer
  double window(bool forward) const { return senders_[forward ? 0 : 1].window; }  // segments

 private:
  struct Way {
    double delay = 0, bits_per_second = 0;
    double free = 0;                      // the link has sent all that it was given
    double send(double t, double bytes);  // when the last bit has left
  };
  struct Sender {
    double window = 0, threshold = 0;  // segments
    double used = 0, validated = 0;    // RFC 2861: most in flight since, time of the last use or decay
    double last_sent = 0;
    double srtt = 0, deviation = 0, worst_deviation = 0, variation = 0, round_end = 0;
    double leftover = 0;  // acknowledged bytes that are no whole segment yet
    bool limited = false;
    std::size_t usage_end = 0;  // segments counted over all messages
    double most_out = 0;
    // HyStart
    double least_rtt = 0, round_start = 0, train = 0, round_rtt = 0;
    std::size_t hystart_end = 0, samples = 0;
    bool found = false;
    std::size_t sent = 0, acked = 0;
  };

  double carry(bool forward, double bytes);  // returns the time at which the last byte is there
  void on_start(Sender& sender, double t) const;
  void on_ack(Sender& sender, double t, double rtt, double bytes) const;
  void sample(Sender& sender, double t, double rtt) const;
  void look_for_the_knee(Sender& sender, double t, double rtt) const;
  void validate(Sender& sender, double t, double in_flight) const;
  double rto(const Sender& sender) const;

  TcpSpec tcp_;
  Way ways_[2];
  Sender senders_[2];
  double now_ = 0;
};

// The pattern's measured exchange, in seconds.
double theory_of(const TrafficPattern& pattern, const Edge& edge, const TcpSpec& tcp);

}  // namespace splitwan::netsim
