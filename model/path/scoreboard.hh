// What a sender has under way: which bytes were acknowledged out of order, which are held for lost, which
// were sent again (RFC 6675).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "engine/base/link.hh"

namespace splitwan::model {

using Nanos = engine::LinkTime;

class Scoreboard {
 public:
  struct Range {
    std::uint64_t begin = 0, end = 0;
  };

  explicit Scoreboard(std::uint32_t segment_bytes) : segment_(segment_bytes) {}

  std::uint64_t head() const { return head_; }          // first byte that is not acknowledged
  std::uint64_t tail() const { return head_ + sent_; }  // first that was not sent
  bool empty() const { return items_.empty(); }
  std::uint32_t in_flight() const { return sent_ - sacked_ - lost_ + again_; }

  void send_new(Nanos now, std::uint32_t bytes);
  // What NextSeg of RFC 6675 names that was sent before; `recovery`: also what is not held for lost.
  std::optional<Range> next_lost() const;
  std::optional<Range> next_unsent_again() const;
  // Marks it as sent again; returns how many bytes, a segment at most.
  std::uint32_t send_again(Nanos now, std::uint64_t begin, std::uint32_t most);

  // Both return the bytes that are newly known to have arrived.
  std::uint32_t acknowledge(Nanos now, std::uint64_t up_to);
  std::uint32_t acknowledge_apart(Nanos now, Range);

  // By count, as RFC 6675: what three segments behind it have overtaken is lost.
  void lose_by_count();
  // By time, as RFC 8985: so is what was sent before something that has arrived, a round trip and `patience`
  // ago. Returns how long until the last that may still come is held for lost; 0: none.
  Nanos lose_by_time(Nanos now, Nanos patience);

  std::uint32_t lost() const { return lost_; }
  std::uint32_t apart() const { return sacked_; }
  Nanos least_rtt() const { return least_rtt_; }
  std::uint64_t last() const { return items_.back().begin; }  // where the last segment sent begins
  bool holds_for_lost(std::uint64_t at) const;
  bool was_sent_again(std::uint64_t end) const;  // the segment that ends there
  void lose_head();
  void lose_all();

 private:
  struct Item {
    std::uint64_t begin;
    std::uint32_t bytes;
    Nanos sent;  // lately
    bool sacked = false, lost = false, again = false;
    std::uint64_t end() const { return begin + bytes; }
  };
  static constexpr int duplicates = 3;
  void forget(const Item&, std::uint32_t bytes);
  void arrived(Nanos now, const Item&);
  std::size_t index_of(std::uint64_t begin) const;
  void split(std::size_t index, std::uint32_t bytes);

  std::uint32_t segment_;
  std::deque<Item> items_;
  std::uint64_t head_ = 0;
  std::uint32_t sent_ = 0, sacked_ = 0, lost_ = 0, again_ = 0;  // bytes
  std::optional<std::uint64_t> highest_sacked_;                 // where that segment begins
  // Of what has arrived, what was sent last.
  Nanos newest_sent_{}, newest_rtt_{}, least_rtt_{};
  std::uint64_t newest_end_ = 0;
};

}  // namespace splitwan::model
