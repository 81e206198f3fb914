// How long the messages of one TCP connection take, from its first on: what a step waits for depends on the
// window that the steps before it have opened. Linux's rules (RFC 6928, slow start, HyStart, CUBIC, slow
// start after idle; no decay of an unused window), counted in flights instead of packets; losses and jitter
// as their means.
#pragma once

#include <algorithm>

#include "model/observe/observation.hh"
#include "model/path/round_trips.hh"

namespace splitwan::model {

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
};

class Connection {
 public:
  Connection(const Condition&, double initial_window_segments, const Chance& = {});
  Trip exchange(double bytes_up, double bytes_down, double server_s);
  // Nothing is sent. Before the first exchange: since the greeting.
  void rest(double seconds) { now_ += seconds; }
  double window(bool up) const { return senders_[up ? 0 : 1].open.size; }  // segments, if nothing was lost

 private:
  struct Way {
    double segment_s, byte_s;  // on the link
    double acknowledgement_s;  // of one, on the way back
    double loss;
    // Its jitter, and that of the way back; and both as shares of the larger.
    double jitter_s, own_share, other_share;
  };
  struct Window {
    double size = 0, threshold = 0;  // segments
    // CUBIC's curve: flat at `most`, `rise_s` after it began; seconds in use since then.
    double most = 0, rise_s = 0, in_use_s = 0;
    // The client's greeting went that much ahead of its first message: so does what its acknowledgement lets
    // go, one segment of each initial window.
    double ahead_s = 0;
  };
  // Of a sender that may have lost something by now: as it is if not, and as it is on average if so.
  struct Sender {
    Window open, closed;
    double closed_share = 0;  // probability of the latter
    RoundTrips seen;
    double last_sent = 0;  // idleness counts from then
    bool used = false;
  };
  struct Carried {
    double seconds = 0, jitter = 0;  // until the last segment is there; jitter in the larger way's scale
    double flights = 0;              // behind the first
    double last_sent_s = 0;          // the last segment, after the first
  };
  Carried carry(Window&, const Way&, double segments, double last_s, RoundTrips*) const;
  double see(RoundTrips*, const Way&, double begin, double segments, double released, const Window&) const;
  double send(int way, double bytes, Trip& trip);
  void idle(Sender&) const;
  void idle(Window&, double left, double timeout_s) const;
  void acknowledged(Window&, const Way&, double segments, bool limited) const;
  double latest(const Way&, double segments) const;
  double early_in(const Window& w) const {  // segments of a window that go ahead
    return w.ahead_s > 0 ? std::floor(w.size / initial_window_) : 0;
  }
  bool in_one_train(const Window&, const Way&) const;

  Condition condition_;
  Chance chance_;
  double initial_window_;
  Way ways_[2];
  Sender senders_[2];
  double jitter_s_ = 0;  // the larger of both ways
  double now_ = 0;
};

}  // namespace splitwan::model
