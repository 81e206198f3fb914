// How long the messages of one TCP connection take, from its first on: what a step waits for depends on the
// window that the steps before it have opened. Linux's rules (RFC 6928, slow start, HyStart, CUBIC, slow
// start after idle; no decay of an unused window), counted in flights instead of packets; losses and jitter
// as their means.
#pragma once

#include <algorithm>

#include "model/observation.hh"

namespace splitwan::model {

constexpr double least_timeout_s = 0.2;  // Linux's TCP_RTO_MIN, on top of the round trip

// What chance adds to the waiting; multiples of what theory expects of each, so 1 is theory.
struct Chance {
  double recovery = 1;  // of a lost segment that later ones give away: one round trip
  double timeout = 1;   // of a lost segment at a message's end: a retransmission timeout
  double jitter = 1;    // of the latest of a message's segments
};

// Seconds from request out to reply in, less what the server held it.
struct Trip {
  double wire_s = 0;                                   // bits on the link
  double rtt_s = 0;                                    // the round trips that nothing shortens
  double recovery_s = 0, timeout_s = 0, jitter_s = 0;  // expected
  double flights = 0;                                  // round trips waited for
};

class Connection {
 public:
  Connection(const Condition&, double initial_window_segments, const Chance& = {});
  Trip exchange(double bytes_up, double bytes_down, double server_s);
  void rest(double seconds) { now_ += seconds; }                           // nothing is sent
  double window(bool up) const { return senders_[up ? 0 : 1].open.size; }  // segments, if nothing was lost

 private:
  struct Way {
    double segment_s, byte_s;  // on the link
    double acknowledgement_s;  // of one, on the way back
  };
  struct Window {
    double size, threshold;  // segments
    // CUBIC's curve: flat at `most`, `rise_s` after it began; seconds in use since then.
    double most = 0, rise_s = 0, in_use_s = 0;
  };
  // Of a sender that may have lost something by now: as it is if not, and as it is on average if so.
  struct Sender {
    Window open, closed;
    double closed_share = 0;  // probability of the latter
    double last_sent = 0;
    // Idleness counts from then: after a round trip as measured (with what waited in the queue) and its variation, as in
    // tcp_rtt_estimator: twice the round trip at first, falling by a quarter a round.
    double timeout_s = 0, variation_s = 0;
    bool used = false;
  };
  struct Carried {
    double seconds = 0, jitter = 0;  // until the last segment is there; jitter in its scale
    double flights = 0;              // behind the first
    double queued_s = 0, last_sent_s = 0;  // of the last segment: in the queue, and after the first was sent
  };
  Carried carry(Window&, const Way&, double segments, double last_s) const;
  double send(int way, double bytes, Trip& trip);
  void idle(Sender&) const;
  void idle(Window&, double left, double timeout_s) const;
  void acknowledged(Window&, const Way&, double segments, bool limited) const;
  double latest(const Way&, double segments) const;

  Condition condition_;
  Chance chance_;
  double initial_window_;
  Way ways_[2];
  Sender senders_[2];
  double now_ = 0;
};

}  // namespace splitwan::model
