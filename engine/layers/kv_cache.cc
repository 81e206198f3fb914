#include "engine/layers/kv_cache.hh"

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::engine {

void KvCache::begin(std::vector<std::int32_t> parent) {
  depth_ = depths(parent);
  parent_ = std::move(parent);
  places_.clear();
  open(0);
}

void KvCache::grow(std::span<const std::int32_t> parent) {
  const std::size_t before = parent_.size();
  parent_.insert(parent_.end(), parent.begin(), parent.end());
  try {
    depth_ = depths(parent_);
  } catch (const Error&) {
    parent_.resize(before);
    throw;
  }
  open(before);
}

void KvCache::open(std::size_t from) {
  select(static_cast<int>(from), static_cast<int>(parent_.size() - from));
  places_.extend(parent_);
  memory_->fit(slots(), committed_ + first_);
}

void KvCache::add_positions(std::vector<std::int32_t>& positions) const {
  for (int row = 0; row < rows(); ++row) positions.push_back(position(row));
}

void KvCache::add_runs(int row, int window, std::vector<kernels::SlotRun>& out) const {
  const int oldest = window > 0 ? std::max(0, position(row) - window + 1) : 0;
  const auto at = [&](int any) { return committed_ + depth_[any]; };
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  for (int last = first_ + row; last >= 0 && at(last) >= oldest;) {
    const int first = places_.run(last), length = std::min(depth_[last] - depth_[first], at(last) - oldest);
    const int end = committed_ + places_.place(last) + 1;
    out.push_back({end - length - 1, end});
    last = parent_[first];
  }
  if (oldest < committed_ && out.back().begin == committed_) {  // the usual case: context and chain are one
    out.back().begin = oldest;
  } else if (oldest < committed_) {
    out.push_back({oldest, committed_});
  }
  std::reverse(out.begin() + begin, out.end());
}

void KvCache::commit(std::span<const std::int32_t> kept) {
  std::int32_t before = -1;
  for (const auto row : kept) {
    const auto count = static_cast<std::int32_t>(parent_.size());
    if (row < 0 || row >= count || parent_[row] != before) {
      throw Error("commit: row {} does not continue a path of the last step ({} rows)", row, count);
    }
    before = row;
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const int from = committed_ + places_.place(kept[i]), to = committed_ + static_cast<int>(i);
    if (from != to) memory_->move(from, to);  // places grow along a path: earlier rows move first
  }
  committed_ += static_cast<int>(kept.size());
  parent_.clear();
  places_.clear();
  select(0, 0);
}

}  // namespace splitwan::engine
