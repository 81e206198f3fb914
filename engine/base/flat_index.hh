// Things found by their hash, in one flat table of numbers: a look costs one access to memory and the
// comparison, where a map's nodes cost two more. The things themselves are the caller's.
#pragma once

#include <cstdint>
#include <vector>

namespace splitwan::engine {

class FlatIndex {
 public:
  void reserve(std::size_t count) {
    std::size_t slots = 16;
    while (slots < 2 * count) slots *= 2;
    if (slots > slots_.size()) spread(slots);
  }
  // The first that was added of those with this hash for which same(number); -1 = none.
  template <typename Same>
  std::int32_t find(std::uint64_t hash, Same same) const {
    if (slots_.empty()) return -1;
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t i = tag & mask();; i = (i + 1) & mask()) {
      const Slot& slot = slots_[i];
      if (slot.number < 0 || (slot.tag == tag && same(slot.number))) return slot.number;
    }
  }
  void add(std::uint64_t hash, std::int32_t number) {
    reserve(++size_);
    put({tag_of(hash), number});
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::int32_t number = -1;
  };
  static std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash * 0x9e3779b97f4a7c15 >> 32);
  }
  std::size_t mask() const { return slots_.size() - 1; }
  void put(Slot slot) {
    std::size_t i = slot.tag & mask();
    while (slots_[i].number >= 0) i = (i + 1) & mask();
    slots_[i] = slot;
  }
  // In the order of the old table, so that of two with one tag the first stays the first.
  void spread(std::size_t slots) {
    std::vector<Slot> old(slots);
    old.swap(slots_);
    std::size_t first = 0;  // the beginning of a run: one that goes around the end begins before it
    while (first < old.size() && old[first].number >= 0) ++first;
    for (std::size_t i = 0; i < old.size(); ++i) {
      const Slot& slot = old[(first + i) % old.size()];
      if (slot.number >= 0) put(slot);
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace splitwan::engine
