// What a sender has under way: which bytes were acknowledged out of order, which are held for lost, which
// were sent again (RFC 6675).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace splitwan::model {

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

  void send_new(std::uint32_t bytes);
  // What NextSeg of RFC 6675 names that was sent before; `recovery`: also what is not held for lost.
  std::optional<Range> next_lost() const;
  std::optional<Range> next_unsent_again() const;
  // Marks it as sent again; returns how many bytes, a segment at most.
  std::uint32_t send_again(std::uint64_t begin, std::uint32_t most);

  // Both return the bytes that are newly known to have arrived.
  std::uint32_t acknowledge(std::uint64_t up_to);
  std::uint32_t acknowledge_apart(Range);

  bool holds_for_lost(std::uint64_t at) const;
  bool was_sent_again(std::uint64_t end) const;  // the segment that ends there
  void lose_head();
  void lose_all();

 private:
  struct Item {
    std::uint64_t begin;
    std::uint32_t bytes;
    bool sacked = false, lost = false, again = false;
    std::uint64_t end() const { return begin + bytes; }
  };
  static constexpr int duplicates = 3;
  void forget(const Item&, std::uint32_t bytes);
  void update_lost();
  std::size_t index_of(std::uint64_t begin) const;
  void split(std::size_t index, std::uint32_t bytes);

  std::uint32_t segment_;
  std::deque<Item> items_;
  std::uint64_t head_ = 0;
  std::uint32_t sent_ = 0, sacked_ = 0, lost_ = 0, again_ = 0;  // bytes
  std::optional<std::uint64_t> highest_sacked_;                 // where that segment begins
};

}  // namespace splitwan::model
