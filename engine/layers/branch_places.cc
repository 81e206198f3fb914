#include "engine/layers/branch_places.hh"

namespace splitwan::engine {

void BranchPlaces::measure(std::span<const std::int32_t> parent) {
  const auto from = static_cast<std::int32_t>(place_.size()), rows = static_cast<std::int32_t>(parent.size());
  size_.assign(static_cast<std::size_t>(rows - from), 1);
  next_.assign(static_cast<std::size_t>(rows - from), -1);
  for (std::int32_t row = rows - 1; row >= from; --row) {
    const std::int32_t above = parent[row] - from;
    if (above < 0) continue;
    size_[above] += size_[row - from];
    std::int32_t& next = next_[above];  // of equals the first row
    if (next < 0 || size_[row - from] >= size_[next - from]) next = row;
  }
}

void BranchPlaces::extend(std::span<const std::int32_t> parent) {
  const auto from = static_cast<std::int32_t>(place_.size()), rows = static_cast<std::int32_t>(parent.size());
  if (from == 0) last_ = -1;
  measure(parent);
  place_.resize(parent.size(), -1);
  run_.resize(parent.size());
  std::int32_t free = from;
  const auto lay = [&](std::int32_t row) {  // and what follows it
    for (; row >= 0; row = next_[row - from]) {
      const std::int32_t above = parent[row];
      place_[row] = free++;
      run_[row] = above >= 0 && place_[above] + 1 == place_[row] ? run_[above] : row;
      last_ = row;
    }
  };
  std::int32_t first = -1;  // goes on where the rows before end
  for (std::int32_t row = from; row < rows; ++row) {
    if (parent[row] == last_ && (first < 0 || size_[row - from] > size_[first - from])) first = row;
  }
  lay(first);
  for (std::int32_t row = from; row < rows; ++row) {
    if (place_[row] < 0) lay(row);
  }
}

}  // namespace splitwan::engine
