// Where the rows of a step lie in a cache: a row's largest branch goes on right behind it, so that the path
// to any of n rows is at most log2(n) + 1 runs of neighbours, whatever the tree.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace splitwan::engine {

class BranchPlaces {
 public:
  // Places the rows that `parent` has beyond those placed before, behind those. A row's place is above its
  // parent's.
  void extend(std::span<const std::int32_t> parent);
  void clear() { place_.clear(), run_.clear(); }

  std::int32_t place(std::int32_t row) const { return place_[static_cast<std::size_t>(row)]; }
  // The first row of the unbroken run of places that ends in the row and is a path.
  std::int32_t run(std::int32_t row) const { return run_[static_cast<std::size_t>(row)]; }

 private:
  void measure(std::span<const std::int32_t> parent);
  std::vector<std::int32_t> place_, run_;
  std::int32_t last_ = -1;  // the row at the last place
  // Of the rows that are being placed: of their branches, themselves included; the child that follows, or -1.
  std::vector<std::int32_t> size_, next_;
};

}  // namespace splitwan::engine
