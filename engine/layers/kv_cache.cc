#include "engine/layers/kv_cache.hh"

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::engine {

void KvCache::begin(std::vector<std::int32_t> parent) {
  depth_ = depths(parent);
  parent_ = std::move(parent);
  open(0);
}

void KvCache::grow(std::span<const std::int32_t> parent) {
  const std::size_t before = parent_.size();
  std::vector<std::int32_t> all = parent_;
  all.insert(all.end(), parent.begin(), parent.end());
  depth_ = depths(all);
  parent_ = std::move(all);
  open(before);
}

void KvCache::open(std::size_t from) {
  first_ = static_cast<int>(from);
  run_.resize(parent_.size());
  for (auto row = static_cast<std::int32_t>(from); row < static_cast<std::int32_t>(parent_.size()); ++row) {
    run_[row] = row > 0 && parent_[row] == row - 1 ? run_[row - 1] : row;
  }
  memory_->reserve(slots(), first_slot());
}

void KvCache::runs(int row, std::vector<kernels::SlotRun>& out) const {
  const int oldest = window_ > 0 ? std::max(0, position(row) - window_ + 1) : 0;
  const auto at = [&](int any) { return committed_ + depth_[any]; };
  out.clear();
  for (int last = first_ + row; last >= 0 && at(last) >= oldest; last = parent_[run_[last]]) {
    const int length = std::min(last - run_[last], at(last) - oldest) + 1;
    out.push_back({committed_ + last - length + 1, committed_ + last + 1});
  }
  if (oldest < committed_) out.push_back({oldest, committed_});
  std::reverse(out.begin(), out.end());
  if (out.size() > 1 && out[0].end == out[1].begin) {  // the usual case: context and chain are one
    out[1].begin = out[0].begin;
    out.erase(out.begin());
  }
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
    const int from = committed_ + kept[i], to = committed_ + static_cast<int>(i);
    if (from != to) memory_->move(from, to);  // i <= kept[i]: earlier rows move first
  }
  committed_ += static_cast<int>(kept.size());
  parent_.clear();
  first_ = 0;
}

}  // namespace splitwan::engine
