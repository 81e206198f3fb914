// Lists of a step's rows.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

namespace splitwan::engine {

using RowList = std::vector<std::int32_t>;

inline RowList first_rows(std::size_t count, std::int32_t from = 0) {
  RowList all(count);
  std::iota(all.begin(), all.end(), from);
  return all;
}
// Parents of a chain of so many rows.
inline RowList chain_of(std::size_t count) { return first_rows(count, -1); }

}  // namespace splitwan::engine
