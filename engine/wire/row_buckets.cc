#include "engine/wire/row_buckets.hh"

#include <algorithm>
#include <functional>

#include "engine/base/error.hh"
#include "engine/wire/wire.hh"

namespace splitwan::engine {

RowBuckets::RowBuckets(std::vector<int> sizes) : sizes_(std::move(sizes)) {
  for (const int size : sizes_) {
    if (size < 1 || size > widest_tree)
      throw Error("pad_rows: a bucket of {} rows: expected 1 to {}", size, widest_tree);
  }
  if (!std::ranges::is_sorted(sizes_, std::less_equal<>()))
    throw Error("pad_rows: {}: expected ascending buckets", fmt::join(sizes_, ","));
}

int RowBuckets::padded(int rows) const {
  if (!on()) return rows;
  const auto fits = std::ranges::lower_bound(sizes_, rows);
  if (fits != sizes_.end()) return *fits;
  const int largest = sizes_.back(), multiple = (rows + largest - 1) / largest * largest;
  return std::max(rows, std::min(multiple, widest_tree));
}

}  // namespace splitwan::engine
