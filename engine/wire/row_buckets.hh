// Steps of a few fixed row counts only, so that a message's size tells an observer no more than its bucket.
#pragma once

#include <vector>

namespace splitwan::engine {

class RowBuckets {
 public:
  RowBuckets() = default;  // none: rows stay as they are
  // Ascending, 1 to widest_tree each. More rows than the largest are padded to its multiples, so that {8}
  // means multiples of 8. Throws Error.
  explicit RowBuckets(std::vector<int> sizes);

  bool on() const { return !sizes_.empty(); }
  int padded(int rows) const;  // the least bucket that holds them; never over widest_tree
  const std::vector<int>& sizes() const { return sizes_; }

 private:
  std::vector<int> sizes_;
};

}  // namespace splitwan::engine
