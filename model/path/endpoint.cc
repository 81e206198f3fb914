#include "model/path/endpoint.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/types.hh"

namespace splitwan::model {
namespace {

using engine::seconds;

constexpr int duplicate_threshold = 3;
constexpr double longest_timeout_s = 60;

std::int64_t milliseconds(Nanos t) { return t.count() / 1'000'000; }

}  // namespace

Endpoint::Endpoint(const engine::TcpSpec& tcp, std::uint32_t initial_window, std::uint32_t segment_bytes,
                   Nanos rtt)
    : segment_(segment_bytes),
      buffer_(tcp.buffer),
      rack_(tcp.recovery == "rack"),
      board_(segment_bytes),
      congestion_(tcp, initial_window, segment_bytes),
      seen_(seconds(tcp.min_rto), tcp.rto_form == "linux"),
      least_timeout_(tcp.min_rto),
      acknowledge_every_(tcp.delayed_ack_segments),
      acknowledge_within_(tcp.delayed_ack_timeout) {
  if (milliseconds(rtt) > 0) seen_.see(0, static_cast<double>(milliseconds(rtt)) * 1e-3);
  rto_ = timeout();
}

void Endpoint::post(Nanos now, std::uint64_t bytes) {
  posted_ += bytes;
  send_pending(now);
}

void Endpoint::on_timer(Nanos now) {
  if (acknowledge_at_ <= now) acknowledge(now);
  if (timeout_at_ <= now) timed_out(now);
  if (probe_at_ <= now) probe(now);
  if (reorder_at_ <= now) reordered(now);
}

std::uint32_t Endpoint::available() const {
  const std::uint32_t most = std::min(buffer_, congestion_.window), out = board_.in_flight();
  return out > most ? 0 : most - out;
}

void Endpoint::send_pending(Nanos now) {
  for (std::uint32_t room = available(); room > 0; room = available()) {
    auto next = board_.next_lost();
    const std::uint64_t unsent = posted_ - board_.tail();
    if (!next && unsent > 0) {
      if (board_.tail() - board_.head() >= buffer_) return;
      next = {board_.tail(), board_.tail() + segment_};
    }
    if (!next && state_ == State::recovery && !rack_) next = board_.next_unsent_again();
    if (!next) return;
    if (room < segment_ && posted_ - next->begin > room) return;  // no silly window
    if (board_.in_flight() == 0) congestion_.before_burst(now, is_open());
    transmit(now, next->begin, std::min(room, segment_));
  }
}

void Endpoint::transmit(Nanos now, std::uint64_t begin, std::uint32_t most) {
  const bool again = begin < board_.tail();
  std::uint32_t bytes;
  if (again) {
    bytes = board_.send_again(now, begin, most);
    ++sent_again_;
    for (Noted& n : noted_) {
      if (begin < n.begin || begin >= n.end) continue;
      n.again = true;
      n.end = begin + bytes;
      break;
    }
  } else {
    bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(most, posted_ - begin));
    board_.send_new(now, bytes);
    noted_.push_back({begin, begin + bytes, false});
    congestion_.sent(now, begin + bytes, is_open());
  }
  unacknowledged_ = 0;
  acknowledge_at_ = never;
  Packet p{.begin = begin, .bytes = bytes, .acked = next_in_};
  p.stamp_ms = milliseconds(now);
  p.echo_ms = echo_ms_;
  out.push_back(p);
  if (state_ == State::recovery) reduced_out_ += bytes;
  if (!rack_ && timeout_at_ == never) timeout_at_ = now + rto_;
  if (rack_ && (!again || begin == board_.head())) arm(now);
}

void Endpoint::receive(Nanos now, const Packet& p) {
  if (p.begin == next_in_) echo_ms_ = p.stamp_ms;
  estimate(now, p);
  if (p.acked < board_.head()) return;  // overtaken
  std::uint32_t delivered = 0;
  for (std::uint32_t i = 0; i < p.ranges; ++i) {
    const std::uint32_t bytes = board_.acknowledge_apart(now, p.apart[i]);
    if (bytes > 0 && !rack_) board_.lose_by_count();
    delivered += bytes;
  }
  const bool apart = delivered > 0;
  const std::uint64_t old_head = board_.head();
  recovered_again_ = false;
  if (p.acked > old_head && p.acked < recover_ && state_ == State::recovery) {
    for (std::uint64_t end = p.acked; end > old_head && end <= p.acked; end -= segment_)
      recovered_again_ = recovered_again_ || board_.was_sent_again(end);
  }
  delivered += board_.acknowledge(now, p.acked);
  in_flight();
  if (rack_)
    process_rack(now, p, old_head, apart, delivered);
  else
    process(now, p, old_head, apart, delivered);
  if (p.bytes > 0) accept(now, p);
  send_pending(now);
}

// By the oldest segment under way, unless it was sent twice.
void Endpoint::estimate(Nanos now, const Packet& p) {
  const bool sample = !noted_.empty() && !noted_.front().again && p.acked >= noted_.front().end;
  while (!noted_.empty() && noted_.front().end <= p.acked) noted_.pop_front();
  if (!sample) return;
  const std::int64_t rtt_ms = milliseconds(now) - p.echo_ms;
  seen_.see(seconds(now), rtt_ms > 0 ? static_cast<double>(rtt_ms) * 1e-3 : 1e-6);
  rto_ = timeout();
}

void Endpoint::process(Nanos now, const Packet& p, std::uint64_t old_head, bool apart,
                       std::uint32_t delivered) {
  if (apart) on_duplicate(now, delivered);
  const Nanos smoothed(std::llround(seen_.smooth_s() * 1e9));
  const auto noticed = [&] { congestion_.acknowledged(now, p.acked, board_.tail(), smoothed, is_open()); };
  if (p.acked == old_head) {
    if (p.acked < board_.tail()) noticed();
    return;
  }
  if (!apart) duplicates_ = 0;
  const auto advanced = static_cast<std::uint32_t>(p.acked - old_head);
  part_ += advanced % segment_;
  std::uint32_t whole = advanced / segment_;
  if (part_ >= segment_) part_ -= segment_, ++whole;

  if (p.acked < recover_ && state_ == State::recovery) {
    if (whole >= 1) reduce(delivered);
    if (!board_.was_sent_again(p.acked + segment_)) retransmit(now);
    noticed();
    on_new(now, first_partial_);
    first_partial_ = false;
    return;
  }
  if (p.acked < recover_ && state_ == State::loss) {
    noticed();
    congestion_.grow(now, delivered);
    on_new(now, true);
    return;
  }
  noticed();
  const State before = state_;
  if (before == State::disorder && !apart) state_ = State::open;
  if (before == State::recovery || before == State::loss) {
    first_partial_ = true;
    state_ = State::open;
  }
  if (before == State::recovery) duplicates_ = 0;
  if (p.acked >= recover_) recovering_ = false;
  if (before == State::recovery) {
    on_new(now, true);
    congestion_.window = congestion_.threshold;
  }
  if (state_ == State::open) {
    congestion_.grow(now, delivered);
    on_new(now, true);
  }
}

void Endpoint::on_duplicate(Nanos now, std::uint32_t delivered) {
  if (state_ == State::loss) return;
  if (state_ == State::recovery) {
    reduce(delivered);
    return;
  }
  ++duplicates_;
  if (state_ == State::open) state_ = State::disorder;
  const std::uint64_t acked = board_.head();
  if ((duplicates_ == duplicate_threshold && (acked >= recover_ || !recovering_)) ||
      board_.holds_for_lost(acked + segment_))
    enter_recovery(now, delivered);
}

void Endpoint::enter_recovery(Nanos now, std::uint32_t delivered) {
  if (!board_.holds_for_lost(board_.head())) board_.lose_head();
  recover_ = board_.tail();
  recovering_ = true;
  congestion_.recovers(board_.tail());
  state_ = State::recovery;
  in_flight();
  congestion_.cut();
  reduced_out_ = reduced_in_ = 0;
  reduced_from_ = static_cast<std::uint32_t>(board_.tail() - board_.head());
  reduce(delivered);
  retransmit(now);
}

void Endpoint::reduce(std::uint32_t delivered) {
  reduced_in_ += delivered;
  const std::uint32_t threshold = congestion_.threshold;
  std::int64_t room;
  if (in_flight_ > threshold) {
    room = static_cast<std::int64_t>(std::ceil(static_cast<double>(reduced_in_) * threshold / reduced_from_) -
                                     reduced_out_);
  } else {
    std::int64_t limit = delivered;
    if (recovered_again_) {
      const std::int64_t left = static_cast<std::int64_t>(reduced_in_) - reduced_out_;
      limit = std::max<std::int64_t>(left, delivered) + segment_;
    }
    room = std::min<std::int64_t>(limit, threshold - in_flight_);
  }
  room = std::max<std::int64_t>(room, reduced_out_ > 0 ? 0 : segment_);  // the first always goes
  congestion_.window = in_flight_ + static_cast<std::uint32_t>(room);
}

void Endpoint::retransmit(Nanos now) {
  const auto lost = board_.next_lost();
  if (!lost && posted_ > board_.tail()) {  // NextSeg's second rule
    transmit(now, board_.tail(), segment_);
  } else {
    transmit(now, lost ? lost->begin : board_.head(), segment_);
  }
  in_flight();
}

void Endpoint::on_new(Nanos now, bool restart_timer) {
  if (restart_timer) {
    rto_ = timeout();
    timeout_at_ = now + rto_;
  }
  if (board_.head() == posted_) timeout_at_ = never;
}

void Endpoint::timed_out(Nanos now) {
  timeout_at_ = never;
  if (board_.head() == posted_) return;
  probed_to_ = 0;
  ++timeouts_;
  duplicates_ = 0;
  board_.lose_all();
  recover_ = board_.tail();
  recovering_ = true;
  rto_ = std::min(2 * rto_, Nanos(std::llround(longest_timeout_s * 1e9)));
  noted_.clear();
  congestion_.cut();
  congestion_.timed_out(board_.tail());
  state_ = State::loss;
  send_pending(now);
}

// Keeps what arrived; acknowledges at once where something is missing or a gap was filled.
void Endpoint::accept(Nanos now, const Packet& p) {
  Scoreboard::Range fresh{std::max(p.begin, next_in_), p.begin + p.bytes};
  const auto covered = std::any_of(held_.begin(), held_.end(),
                                   [&](auto& r) { return r.begin <= fresh.begin && fresh.end <= r.end; });
  if (fresh.begin >= fresh.end || covered) {
    acknowledge(now);
    return;
  }
  const std::uint64_t expected = next_in_;
  if (fresh.begin == next_in_) {
    next_in_ = fresh.end;
  } else {
    Scoreboard::Range whole = fresh;
    auto at = std::lower_bound(held_.begin(), held_.end(), fresh.begin,
                               [](auto& r, std::uint64_t begin) { return r.end < begin; });
    for (; at != held_.end() && at->begin <= whole.end; at = held_.erase(at))
      whole = {std::min(whole.begin, at->begin), std::max(whole.end, at->end)};
    held_.insert(at, whole);
    Scoreboard::Range block = fresh;
    for (bool joined = true; joined;) {
      joined = false;
      for (auto it = told_.begin(); it != told_.end() && !joined; ++it) {
        if (it->end < block.begin || block.end < it->begin) continue;
        block = {std::min(block.begin, it->begin), std::max(block.end, it->end)};
        told_.erase(it);
        joined = true;
      }
    }
    told_.insert(told_.begin(), block);
    if (told_.size() > 4) told_.pop_back();
  }
  while (!held_.empty() && held_.front().begin <= next_in_) {
    next_in_ = std::max(next_in_, held_.front().end);
    held_.erase(held_.begin());
  }
  std::erase_if(told_, [&](auto& r) { return r.end <= next_in_; });
  const bool gap = !held_.empty() || next_in_ > expected + p.bytes;
  if (gap || ++unacknowledged_ >= acknowledge_every_) {
    acknowledge(now);
  } else if (acknowledge_at_ == never) {
    acknowledge_at_ = now + acknowledge_within_;
  }
}

void Endpoint::acknowledge(Nanos now) {
  unacknowledged_ = 0;
  acknowledge_at_ = never;
  rto_ = timeout();
  Packet p{.begin = board_.tail(), .acked = next_in_};
  p.stamp_ms = milliseconds(now);
  p.echo_ms = echo_ms_;
  for (const Scoreboard::Range& r : told_) {
    if (p.ranges == p.apart.size()) break;
    p.apart[p.ranges++] = r;
  }
  out.push_back(p);
}

}  // namespace splitwan::model
