// Recovery as Linux has it: losses by time and probes for a lost tail (RFC 8985), rate reduction that is not
// slower than what is delivered (net/ipv4/tcp_recovery.c, tcp_input.c, tcp_output.c).
#include <algorithm>
#include <cmath>

#include "model/path/endpoint.hh"

namespace splitwan::model {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t overtakers = 3;  // tcp_reordering
constexpr Nanos least_timer = 2ms;       // TCP_TIMEOUT_MIN_US

}  // namespace

void Endpoint::process_rack(Nanos now, const Packet& p, std::uint64_t old_head, bool apart,
                            std::uint32_t delivered) {
  const bool advanced = p.acked > old_head;
  const Nanos smoothed(std::llround(seen_.smooth_s() * 1e9));
  if (advanced || p.acked < board_.tail())
    congestion_.acknowledged(now, p.acked, board_.tail(), smoothed, is_open());
  if (!advanced && !apart) return;
  const std::uint32_t lost = board_.lost();
  find_lost(now);
  const bool fresh_loss = board_.lost() > lost;
  if (advanced) end_probe(p.acked);
  if ((state_ == State::recovery || state_ == State::loss) && p.acked >= recover_) {
    if (state_ == State::recovery) congestion_.window = congestion_.threshold;
    state_ = State::open;
  }
  if (state_ == State::open || state_ == State::disorder) {
    state_ = board_.apart() > 0 ? State::disorder : State::open;
    if (board_.lost() > 0) recover_rack();
  }
  if (state_ == State::recovery)
    reduce_rack(delivered, fresh_loss, advanced);
  else if (advanced)
    congestion_.grow(now, delivered);
  if (!advanced) return;
  rto_ = timeout();
  arm(now);
}

// Before three have overtaken something, it may only be late.
void Endpoint::find_lost(Nanos now) {
  const bool sure =
      state_ == State::recovery || state_ == State::loss || board_.apart() >= overtakers * segment_;
  const Nanos smoothed(std::llround(seen_.smooth_s() * 1e9));
  const Nanos left =
      board_.lose_by_time(now, sure ? Nanos{} : std::min(board_.least_rtt() / 4, smoothed / 8));
  reorder_at_ = left > Nanos{} ? now + left + least_timer : never;
  in_flight();
}

void Endpoint::recover_rack() {
  recover_ = board_.tail();
  congestion_.recovers(board_.tail());
  state_ = State::recovery;
  reduced_from_ = congestion_.window;
  congestion_.cut();
  reduced_out_ = reduced_in_ = 0;
  probed_to_ = 0;
}

// tcp_cwnd_reduction.
void Endpoint::reduce_rack(std::uint32_t delivered, bool fresh_loss, bool advanced) {
  if (delivered == 0) return;
  reduced_in_ += delivered;
  const std::int64_t delta = static_cast<std::int64_t>(congestion_.threshold) - in_flight();
  std::int64_t room;
  if (delta < 0) {
    room = static_cast<std::int64_t>(
               std::ceil(static_cast<double>(reduced_in_) * congestion_.threshold / reduced_from_)) -
           reduced_out_;
  } else {
    room = std::max<std::int64_t>(static_cast<std::int64_t>(reduced_in_) - reduced_out_, delivered);
    if (advanced && !fresh_loss) room += segment_;
    room = std::min(delta, room);
  }
  room = std::max<std::int64_t>(room, reduced_out_ > 0 ? 0 : segment_);
  congestion_.window = in_flight_ + static_cast<std::uint32_t>(room);
}

// tcp_process_tlp_ack: a loss that the probe has mended is a loss.
void Endpoint::end_probe(std::uint64_t acked) {
  if (probed_to_ == 0 || acked < probed_to_) return;
  if (probed_again_) {
    if (acked == probed_to_) return;  // the next acknowledgement tells
    congestion_.cut();
    congestion_.window = congestion_.threshold;
  }
  probed_to_ = 0;
}

// tcp_schedule_loss_probe, tcp_rearm_rto: one timer of the two.
void Endpoint::arm(Nanos now) {
  timeout_at_ = probe_at_ = never;
  if (board_.empty()) return;
  if (state_ != State::open || seen_.smooth_s() == 0) {
    timeout_at_ = now + rto_;
    return;
  }
  const Nanos twice(std::llround(2 * seen_.smooth_s() * 1e9));
  const bool alone = board_.tail() - board_.head() <= segment_;
  probe_at_ = now + std::min(twice + (alone ? least_timeout_ : least_timer), rto_);
}

// tcp_send_loss_probe: something new, else the last once more.
void Endpoint::probe(Nanos now) {
  probe_at_ = never;
  if (board_.empty()) return;
  if (probed_to_ == 0) {
    const bool fresh = posted_ > board_.tail() && board_.tail() - board_.head() < buffer_;
    transmit(now, fresh ? board_.tail() : board_.last(), segment_);
    in_flight();
    probed_again_ = !fresh;
    probed_to_ = board_.tail();
  }
  probe_at_ = never;
  timeout_at_ = now + rto_;
}

// tcp_rack_reo_timeout.
void Endpoint::reordered(Nanos now) {
  reorder_at_ = never;
  const std::uint32_t lost = board_.lost();
  find_lost(now);
  if (board_.lost() == lost) return;
  if (state_ == State::open || state_ == State::disorder) {
    recover_rack();
    reduce_rack(segment_, true, false);
  }
  send_pending(now);
}

}  // namespace splitwan::model
