#include "engine/drafters/step_cost.hh"

#include "engine/party/step_parts.hh"

namespace splitwan::engine {

StepTimes times_of(std::span<const Span> spans) {
  const StepParts p = parts_of(spans);
  StepTimes t;
  t.draft_s = p.draft_s;
  const double own_s = p.work_s - p.draft_s;
  if (p.sent_rows == 0) {  // all layers are here
    t.rows = p.head_rows;
    t.work_s = p.head_rows > 0 ? own_s : 0;
    return t;
  }
  t.rows = p.rows;
  t.bytes_up = p.last_bytes_up;
  t.bytes_down = p.last_bytes_down;
  t.network_s = p.network_s();
  t.flights = static_cast<int>(p.flights);
  t.cwnd = p.cwnd;
  t.work_s = p.held_s() + own_s * p.rows / p.sent_rows;
  return t;
}

// What is believed before steps tell, and how noisy a step is: chosen by hand so that the first steps may
// move it freely and `auto` reaches its width within a few (no measurement stands behind the numbers
// themselves). A row may cost up to several times the first guess; times scatter by 5 % (work) and 3 %
// (network); a round trip is known to 30 % from one step.
void StepCost::learn(const StepTimes& t) {
  if (t.rows < 1) return;
  // All of the first step's work may lie in its rows: what is not known to be cheap counts as dear.
  if (!work_) {
    const double each = t.work_s / t.rows;
    work_.emplace(Fit::Vector{0, each}, Fit::Vector{4 * each, each});
  }
  work_->learn({1, t.rows}, t.work_s, 0.05 * t.work_s);
  const double bytes = t.bytes_up + t.bytes_down;
  if (bytes <= 0 || t.network_s <= 0) return;
  row_bytes_ = std::max(t.bytes_up, t.bytes_down) / t.rows;
  if (!network_) {
    // A twentieth for the bytes, until steps of several sizes tell.
    const double trips = round_trips(t.bytes_up, t.bytes_down);
    const double rtt = 0.95 * t.network_s / trips, byte = 0.05 * t.network_s / bytes;
    network_.emplace(Fit::Vector{rtt, byte}, Fit::Vector{0.3 * rtt, 4 * byte});
  } else {
    learn_window(t);
  }
  network_->learn({round_trips(t.bytes_up, t.bytes_down), bytes}, t.network_s, 0.03 * t.network_s);
}

// Where the transport does not tell, time does: a message that took two round trips flew twice.
void StepCost::learn_window(const StepTimes& t) {
  int took = t.flights;
  if (took == 0) {
    const double trips =
        (t.network_s - (t.bytes_up + t.bytes_down) * network_->coefficient(1)) / std::max(1e-9, rtt_s());
    took = 1 + static_cast<int>(std::clamp(std::lround((trips - 1) / 2), 0L, 20L));
  }
  if (t.cwnd > 0 && trust_cwnd_) {
    trust_cwnd_ = flights_of(t.bytes_down) >= took;
    window_ = std::max(window_, t.cwnd);
  }
  // The least window that explains it.
  if (flights_of(t.bytes_down) != took)
    window_ = std::max<double>(tcp::segment_bytes, t.bytes_down / (std::exp2(took) - 1));
}

int StepCost::flights_of(double bytes) const {
  return std::max(1, static_cast<int>(std::ceil(std::log2(bytes / window_ + 1) - 1e-9)));
}

double StepCost::work_s(int rows) const { return work_ ? (*work_)({1, static_cast<double>(rows)}) : 0; }

double StepCost::seconds(int rows) const {
  const double bytes = rows * row_bytes_;
  return work_s(rows) + (network_ ? (*network_)({round_trips(bytes, bytes), 2 * bytes}) : 0);
}

}  // namespace splitwan::engine
