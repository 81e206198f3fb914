// One end of a TCP connection, packet by packet: what it sends and acknowledges, and how it recovers what was
// lost. Selective acknowledgements (RFC 2018, 6675), proportional rate reduction (RFC 6937), retransmission
// timeouts (RFC 6298, or Linux's form); or recovery as Linux has it (endpoint_rack.cc). Positions are bytes
// since the connection's first.
#pragma once

#include <array>
#include <vector>

#include "model/path/congestion.hh"
#include "model/path/scoreboard.hh"

namespace splitwan::model {

struct Packet {
  std::uint64_t begin = 0;
  std::uint32_t bytes = 0;  // of data
  std::uint64_t acked = 0;  // everything of the other way before it
  std::array<Scoreboard::Range, 3> apart = {};
  std::uint32_t ranges = 0;  // of `apart`
  std::int64_t stamp_ms = 0, echo_ms = 0;
  std::uint32_t size() const { return bytes + 54 + 8 * ranges; }  // with headers and the link's framing
};

class Endpoint {
 public:
  static constexpr Nanos never = Nanos::max();

  // `rtt`: of the handshake.
  Endpoint(const engine::TcpSpec& tcp, std::uint32_t initial_window, std::uint32_t segment_bytes, Nanos rtt);

  void post(Nanos now, std::uint64_t bytes);  // the application writes
  void receive(Nanos now, const Packet&);
  Nanos next_timer() const { return std::min({timeout_at_, acknowledge_at_, probe_at_, reorder_at_}); }
  void on_timer(Nanos now);

  std::vector<Packet> out;  // what it sent and nobody has taken yet

  std::uint64_t posted() const { return posted_; }
  std::uint64_t arrived() const { return next_in_; }  // in order
  std::uint32_t window() const { return congestion_.window; }
  std::uint64_t sent_again() const { return sent_again_; }  // segments
  std::uint64_t timeouts() const { return timeouts_; }
  double nearest_pause() const { return congestion_.nearest_pause(); }

 private:
  enum class State { open, disorder, recovery, loss };
  struct Noted {
    std::uint64_t begin, end;
    bool again;
  };

  void estimate(Nanos now, const Packet&);
  void process(Nanos now, const Packet&, std::uint64_t old_head, bool apart, std::uint32_t delivered);
  void on_duplicate(Nanos now, std::uint32_t delivered);
  void enter_recovery(Nanos now, std::uint32_t delivered);
  void reduce(std::uint32_t delivered);  // proportionally
  void on_new(Nanos now, bool restart_timer);
  // Recovery as Linux has it:
  void process_rack(Nanos now, const Packet&, std::uint64_t old_head, bool apart, std::uint32_t delivered);
  void find_lost(Nanos now);
  void recover_rack();
  void reduce_rack(std::uint32_t delivered, bool fresh_loss, bool advanced);
  void end_probe(std::uint64_t acked);
  void arm(Nanos now);
  void probe(Nanos now);
  void reordered(Nanos now);
  void accept(Nanos now, const Packet&);
  void acknowledge(Nanos now);
  void send_pending(Nanos now);
  void transmit(Nanos now, std::uint64_t begin, std::uint32_t most);
  void retransmit(Nanos now);
  void timed_out(Nanos now);
  std::uint32_t available() const;
  std::uint32_t in_flight() { return in_flight_ = board_.in_flight(); }
  bool is_open() const { return state_ == State::open; }
  Nanos timeout() const { return Nanos(std::llround(seen_.timeout_s() * 1e9)); }

  std::uint32_t segment_, buffer_;
  bool rack_;
  // Of the sender:
  Scoreboard board_;
  Congestion congestion_;
  RoundTrips seen_;  // by timestamps, which count milliseconds
  std::deque<Noted> noted_;
  State state_ = State::open;
  std::uint64_t posted_ = 0, recover_ = 0, sent_again_ = 0, timeouts_ = 0;
  bool recovering_ = false, first_partial_ = true, recovered_again_ = false;
  int duplicates_ = 0;
  std::uint32_t in_flight_ = 0, part_ = 0;
  std::uint32_t reduced_out_ = 0, reduced_in_ = 0, reduced_from_ = 0;
  Nanos rto_{}, timeout_at_ = never;
  Nanos least_timeout_{}, probe_at_ = never, reorder_at_ = never;
  std::uint64_t probed_to_ = 0;  // 0: no probe is under way
  bool probed_again_ = false;    // it was sent before
  // Of the receiver:
  std::uint64_t next_in_ = 0;
  std::vector<Scoreboard::Range> held_;  // out of order, ascending
  std::vector<Scoreboard::Range> told_;  // the same as it is told, latest first, 4 at most
  std::uint32_t unacknowledged_ = 0, acknowledge_every_;
  Nanos acknowledge_within_, acknowledge_at_ = never;
  std::int64_t echo_ms_ = 0;
};

}  // namespace splitwan::model
