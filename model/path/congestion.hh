// The window of one sender by Linux's rules, acknowledgement by acknowledgement: slow start and its end
// (HyStart), CUBIC, slow start after idle, growth only of a window that is used (net/ipv4/tcp_cubic.c,
// tcp_output.c, tcp_input.c). Segments and nanoseconds. The same rules as netsim/ns3/sim's
// cubic_curve, hystart_linux and tcp_cubic_linux, carried over from there: that both agree says nothing of
// the rules themselves, which netsim/VALIDATION.md compares with the kernel.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>

#include "engine/base/link.hh"
#include "model/path/round_trips.hh"

namespace splitwan::model {

using Nanos = engine::LinkTime;

// Where slow start ends before anything is lost.
class Hystart {
 public:
  struct Ack {
    Nanos now, rtt;
    std::uint64_t acked, next;  // bytes: acknowledged so far, sent so far
    std::uint32_t window;       // segments
    Nanos burst;                // what one offloaded packet may take at twice the pace
  };
  void see(Nanos rtt);
  bool ends_slow_start(const Ack&);
  void forget() { *this = Hystart(); }
  Nanos least_rtt() const { return least_rtt_; }

 private:
  bool found_ = false;
  Nanos least_rtt_{}, rtt_{}, start_{}, train_{};
  std::uint64_t end_ = 0;
  int samples_ = 0;
};

// How many acknowledgements a segment more takes.
class Curve {
 public:
  std::uint32_t threshold_after_loss(std::uint32_t window);
  std::uint32_t acks_per_segment(std::uint32_t window, std::uint32_t acked, Nanos now, Nanos least_rtt);
  void pause(Nanos silence, Nanos now);
  bool began_within(Nanos span, Nanos now) const { return in_epoch_ && now - epoch_ < span; }
  void forget() { *this = Curve(); }

 private:
  std::uint32_t on_the_curve(std::uint32_t window, Nanos now, Nanos least_rtt) const;

  bool in_epoch_ = false;
  Nanos epoch_{}, last_time_{};
  std::uint32_t last_window_ = 0, last_max_ = 0, count_ = 0, origin_ = 0, acked_ = 0, reno_window_ = 0;
  double seconds_to_origin_ = 0;
};

// In bytes, as a socket counts; what Linux counts in segments is rounded down to them.
class Congestion {
 public:
  static constexpr std::uint32_t unlimited = std::numeric_limits<std::uint32_t>::max();

  Congestion(const engine::TcpSpec& tcp, std::uint32_t initial_window, std::uint32_t segment_bytes);

  std::uint32_t window = 0, threshold = unlimited;

  // A sender calls these in the order in which things happen; positions count from the connection's first
  // byte. `open`: nothing is known to be lost.
  void before_burst(Nanos now, bool open);             // nothing is under way, something is about to be sent
  void sent(Nanos now, std::uint64_t end, bool open);  // new data, up to there
  // `smoothed`: the socket's estimate, for segments that may have been sent twice.
  void acknowledged(Nanos now, std::uint64_t up_to, std::uint64_t sent_to, Nanos smoothed, bool open);
  void grow(Nanos now, std::uint32_t delivered_bytes);
  void cut() { threshold = curve_.threshold_after_loss(segments()) * segment_; }
  void recovers(std::uint64_t sent_to) { retransmitted_to_ = sent_to; }
  void timed_out(std::uint64_t sent_to);
  // How near a pause came to the timeout that closes the window, as a share of that.
  double nearest_pause() const { return nearest_pause_; }

 private:
  struct Sent {
    std::uint64_t end;
    Nanos at;
  };
  struct Burst {
    bool open = false;
    Nanos at{};
    std::uint64_t acked = 0;
    std::uint32_t window = 0;
  };
  std::uint32_t segments() const { return window / segment_; }
  void settle(bool open);
  bool uses_window() const;
  void validate(std::uint32_t out, Nanos now, bool open);
  void remember();
  void restart_after(Nanos idle, Nanos now);
  Nanos timeout() const;

  bool restarts_, decays_, decays_by_rfc_;
  std::uint32_t initial_, segment_;
  RoundTrips seen_;
  bool measured_ = false;
  Curve curve_;
  Hystart hystart_;
  std::deque<Sent> sent_;
  std::uint64_t acked_ = 0, retransmitted_to_ = 0, round_end_ = 0;
  Nanos last_sent_{}, validated_{};
  Burst burst_;
  bool limited_ = false;
  std::uint32_t most_out_ = 0, used_ = 0, credit_ = 0;
  double nearest_pause_ = std::numeric_limits<double>::infinity();
};

}  // namespace splitwan::model
