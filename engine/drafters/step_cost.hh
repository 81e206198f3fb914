// What a step of so many rows takes, from the steps that were.
#pragma once

#include <optional>

#include "engine/base/tcp_constants.hh"
#include "engine/drafters/running_fit.hh"
#include "engine/party/trace.hh"

namespace splitwan::engine {

// One step as its spans show it.
struct StepTimes {
  double rows = 0;
  double bytes_up = 0, bytes_down = 0;  // 0: all layers are here
  double network_s = 0;                 // arrival - send - held
  double work_s = 0;                    // here and at the server, drafting left out
  double draft_s = 0;
  int flights = 0;  // of the reply; 0 = not known
  double cwnd = 0;  // the server's congestion window, bytes; 0 = not known
};
// Of a prompt that went in several messages, the last one.
StepTimes times_of(std::span<const Span> spans);

// seconds(rows) = work + rows x work per row + round trips x RTT + bytes x time per byte. A message takes one
// flight per window's worth, the window doubling with each (slow start, RFC 5681), and every flight but the
// first costs a round trip.
class StepCost {
 public:
  void learn(const StepTimes&);
  bool known() const { return work_.has_value(); }
  double seconds(int rows) const;

  double work_s(int rows) const;
  double row_s() const { return work_ ? work_->coefficient(1) : 0; }
  double rtt_s() const { return network_ ? network_->coefficient(0) : 0; }
  int flights(int rows) const { return flights_of(rows * row_bytes_); }  // of the longer message

 private:
  using Fit = RunningFit<2>;
  int flights_of(double bytes) const;
  double round_trips(double up, double down) const { return flights_of(up) + flights_of(down) - 1; }
  void learn_window(const StepTimes&);

  std::optional<Fit> work_;                    // 1, rows
  std::optional<Fit> network_;                 // round trips, bytes
  double row_bytes_ = 0;                       // each way
  double window_ = 10.0 * tcp::segment_bytes;  // bytes that fly at once; at first ten segments (RFC 6928)
  bool trust_cwnd_ = true;  // until a message took more flights than the reported window had it
};

}  // namespace splitwan::engine
