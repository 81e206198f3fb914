// Byte-pair merging of a row of symbols in O(n log n), whatever says which pairs merge.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "engine/base/types.hh"

namespace splitwan::engine {

struct Symbol {
  std::uint32_t begin = 0, size = 0;  // bytes of the text; size 0 = swallowed by its left neighbour
  Token id = -1;                      // -1 = no token of its own
  bool frozen = false;                // merges with nothing
  std::int32_t previous = -1, next = -1;
};

struct Merge {
  Token id = -1;    // -1 = the pair does not merge
  float order = 0;  // the lowest goes first, among equals the leftmost
};

// `merge_of(left, right)` gives the Merge of two neighbours. Survivors are the symbols with size > 0.
template <typename MergeOf>
void merge_symbols(std::vector<Symbol>& symbols, const MergeOf& merge_of) {
  struct Candidate {
    Merge merge;
    std::int32_t left, right;
    std::uint32_t size;  // of both together, when they were seen: another size later means one has changed
  };
  const auto later = [](const Candidate& a, const Candidate& b) {
    return a.merge.order != b.merge.order ? a.merge.order > b.merge.order : a.left > b.left;
  };
  std::vector<Candidate> storage;
  storage.reserve(symbols.size());
  std::priority_queue<Candidate, std::vector<Candidate>, decltype(later)> queue(later, std::move(storage));
  const auto consider = [&](std::int32_t left, std::int32_t right) {
    if (left < 0 || right < 0) return;
    const Symbol &a = symbols[left], &b = symbols[right];
    if (a.frozen || b.frozen) return;
    if (const Merge merge = merge_of(a, b); merge.id >= 0) queue.push({merge, left, right, a.size + b.size});
  };
  const auto count = static_cast<std::int32_t>(symbols.size());
  for (std::int32_t i = 0; i < count; ++i) {
    symbols[i].previous = i - 1;
    symbols[i].next = i + 1 < count ? i + 1 : -1;
  }
  for (std::int32_t i = 0; i + 1 < count; ++i) consider(i, i + 1);
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    Symbol &left = symbols[top.left], &right = symbols[top.right];
    if (left.size == 0 || right.size == 0 || left.size + right.size != top.size) continue;
    left.size = top.size;
    left.id = top.merge.id;
    left.next = right.next;
    right.size = 0;
    if (left.next >= 0) symbols[left.next].previous = top.left;
    consider(left.previous, top.left);
    consider(top.left, left.next);
  }
}

}  // namespace splitwan::engine
