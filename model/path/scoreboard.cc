#include "model/path/scoreboard.hh"

#include <algorithm>

namespace splitwan::model {

void Scoreboard::send_new(Nanos now, std::uint32_t bytes) {
  items_.push_back({tail(), bytes, now});
  sent_ += bytes;
}

std::size_t Scoreboard::index_of(std::uint64_t begin) const {
  const auto at = std::lower_bound(items_.begin(), items_.end(), begin,
                                   [](const Item& item, std::uint64_t b) { return item.end() <= b; });
  return static_cast<std::size_t>(at - items_.begin());
}

std::optional<Scoreboard::Range> Scoreboard::next_lost() const {
  if (lost_ == 0) return {};
  for (const Item& item : items_) {
    if (item.lost && !item.again && !item.sacked) return Range{item.begin, item.begin + segment_};
  }
  return {};
}

std::optional<Scoreboard::Range> Scoreboard::next_unsent_again() const {
  for (const Item& item : items_) {
    if (!item.again && !item.sacked) return Range{item.begin, item.begin + segment_};
  }
  return {};
}

void Scoreboard::split(std::size_t index, std::uint32_t bytes) {
  Item rest = items_[index];
  items_[index].bytes = bytes;
  rest.begin += bytes;
  rest.bytes -= bytes;
  items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(index) + 1, rest);
}

// A short segment is filled up from the one behind it, where that shares its fate.
std::uint32_t Scoreboard::send_again(Nanos now, std::uint64_t begin, std::uint32_t most) {
  const std::size_t index = index_of(begin);
  const auto behind = [&] { return index + 1 < items_.size() ? &items_[index + 1] : nullptr; };
  const Item* next = behind();
  const bool joins = next && !next->sacked && next->lost == items_[index].lost;
  const std::uint32_t bytes = std::min(most, items_[index].bytes + (joins ? next->bytes : 0));
  if (bytes < items_[index].bytes) {
    split(index, bytes);
  } else if (bytes > items_[index].bytes) {
    if (items_[index + 1].bytes > bytes - items_[index].bytes) split(index + 1, bytes - items_[index].bytes);
    Item& second = items_[index + 1];
    if (items_[index].again != second.again) {  // the whole is counted below
      Item& counted = items_[index].again ? items_[index] : second;
      again_ -= counted.bytes;
      items_[index].again = false;
    }
    items_[index].bytes = bytes;
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(index) + 1);
  }
  Item& item = items_[index];
  if (!item.again) again_ += item.bytes;
  item.again = true;
  item.sent = now;
  return item.bytes;
}

void Scoreboard::forget(const Item& item, std::uint32_t bytes) {
  sent_ -= bytes;
  head_ += bytes;
  if (item.sacked) sacked_ -= bytes;
  if (item.lost) lost_ -= bytes;
  if (item.again) again_ -= bytes;
}

// What was sent again and answered faster than anything before was answered the first time it was sent.
void Scoreboard::arrived(Nanos now, const Item& item) {
  const Nanos rtt = now - item.sent;
  if (item.again && rtt < least_rtt_) return;
  if (!item.again && (least_rtt_ == Nanos{} || rtt < least_rtt_)) least_rtt_ = rtt;
  if (item.sent < newest_sent_ || (item.sent == newest_sent_ && item.end() <= newest_end_)) return;
  newest_sent_ = item.sent;
  newest_end_ = item.end();
  newest_rtt_ = rtt;
}

std::uint32_t Scoreboard::acknowledge(Nanos now, std::uint64_t up_to) {
  std::uint32_t bytes = 0;
  while (!items_.empty() && items_.front().begin < up_to) {
    Item& item = items_.front();
    if (item.end() > up_to) {
      const auto part = static_cast<std::uint32_t>(up_to - item.begin);
      forget(item, part);
      item.begin += part;
      item.bytes -= part;
      break;
    }
    forget(item, item.bytes);
    if (!item.sacked) bytes += item.bytes, arrived(now, item);
    items_.pop_front();
  }
  if (highest_sacked_ && *highest_sacked_ <= head_) highest_sacked_.reset();
  return bytes;
}

std::uint32_t Scoreboard::acknowledge_apart(Nanos now, Range range) {
  std::uint32_t bytes = 0;
  for (std::size_t i = index_of(range.begin); i < items_.size() && items_[i].end() <= range.end; ++i) {
    Item& item = items_[i];
    if (item.begin < range.begin || item.sacked) continue;
    if (item.lost) lost_ -= item.bytes;
    item.lost = false;
    item.sacked = true;
    sacked_ += item.bytes;
    bytes += item.bytes;
    arrived(now, item);
    if (!highest_sacked_ || *highest_sacked_ <= item.end()) highest_sacked_ = item.begin;
  }
  return bytes;
}

void Scoreboard::lose_by_count() {
  if (!highest_sacked_) return;
  int overtakers = 0;
  for (std::size_t i = index_of(*highest_sacked_) + 1; i-- > 0;) {
    Item& item = items_[i];
    if (item.sacked && i > 0) ++overtakers;
    if (overtakers < duplicates || item.sacked || item.lost) continue;
    item.lost = true;
    lost_ += item.bytes;
  }
}

Nanos Scoreboard::lose_by_time(Nanos now, Nanos patience) {
  Nanos longest{};
  for (Item& item : items_) {
    if (item.sacked || (item.lost && !item.again)) continue;
    if (item.sent > newest_sent_ || (item.sent == newest_sent_ && item.end() >= newest_end_)) continue;
    const Nanos left = newest_rtt_ + patience - (now - item.sent);
    if (left > Nanos{}) {
      longest = std::max(longest, left);
      continue;
    }
    if (item.again) again_ -= item.bytes;
    if (!item.lost) lost_ += item.bytes;
    item.again = false;
    item.lost = true;
  }
  return longest;
}

bool Scoreboard::holds_for_lost(std::uint64_t at) const {
  if (!highest_sacked_ || at >= *highest_sacked_) return false;
  for (std::size_t i = index_of(at); i < items_.size(); ++i) {
    if (items_[i].begin < at) continue;
    if (items_[i].lost) return true;
    if (items_[i].sacked) return false;
  }
  return false;
}

bool Scoreboard::was_sent_again(std::uint64_t end) const {
  if (end <= head_ || end > tail()) return false;
  const Item& item = items_[index_of(end - 1)];
  return item.end() == end && !item.sacked && item.again;
}

void Scoreboard::lose_head() {
  if (items_.empty()) return;
  Item& item = items_.front();
  if (item.sacked) sacked_ -= item.bytes;
  if (item.again) again_ -= item.bytes;
  if (!item.lost) lost_ += item.bytes;
  item.sacked = item.again = false;
  item.lost = true;
}

void Scoreboard::lose_all() {
  again_ = lost_ = 0;
  for (Item& item : items_) {
    item.lost = !item.sacked;
    item.again = false;
    if (item.lost) lost_ += item.bytes;
  }
}

}  // namespace splitwan::model
