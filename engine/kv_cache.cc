#include "engine/kv_cache.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "engine/error.hh"

namespace splitwan::engine {

KvCache::KvCache(int layers, int kv_width, int sliding_window)
    : kv_width_(kv_width), window_(sliding_window) {
  k_.resize(layers);
  v_.resize(layers);
}

void KvCache::begin(std::vector<std::int32_t> parent) {
  depth_ = depths(parent);
  parent_ = std::move(parent);
  slots_.resize(parent_.size());
  for (int row = 0; row < rows(); ++row) {
    slots_[row] = path_to(parent_, row);
    for (auto& slot : slots_[row]) slot += committed_;
  }
  reserve(committed_ + rows());
}

kernels::Keys KvCache::keys(int row) const {
  const int oldest = window_ > 0 ? std::max(0, position(row) - window_ + 1) : 0;
  const std::span<const std::int32_t> path = slots_[row];
  const int dropped = std::max(0, oldest - committed_);  // ancestors that the window has left behind
  return {std::min(oldest, committed_), committed_, path.subspan(dropped)};
}

void KvCache::commit(std::span<const std::int32_t> kept) {
  std::int32_t before = -1;
  for (const auto row : kept) {
    if (row < 0 || row >= rows() || parent_[row] != before) {
      throw Error("commit: row {} does not continue a path of the last step ({} rows)", row, rows());
    }
    before = row;
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] == static_cast<std::int32_t>(i)) continue;
    const std::int64_t from = (committed_ + kept[i]) * static_cast<std::int64_t>(kv_width_);
    const std::int64_t to = (committed_ + static_cast<std::int64_t>(i)) * kv_width_;
    for (std::size_t layer = 0; layer < k_.size(); ++layer) {  // i <= kept[i]: earlier rows move first
      std::memcpy(k(layer) + to, k(layer) + from, kv_width_ * sizeof(float));
      std::memcpy(v(layer) + to, v(layer) + from, kv_width_ * sizeof(float));
    }
  }
  committed_ += static_cast<int>(kept.size());
  parent_.clear();
}

void KvCache::reserve(int rows) {
  if (rows <= capacity_) return;
  capacity_ = std::max({rows, 2 * capacity_, 64});
  for (auto* cache : {&k_, &v_}) {
    for (at::Tensor& old : *cache) {
      at::Tensor grown = at::empty({capacity_, kv_width_}, at::kFloat);
      if (old.defined() && committed_ > 0) {
        std::memcpy(grown.data_ptr<float>(), old.data_ptr<float>(),
                    static_cast<std::size_t>(committed_) * kv_width_ * sizeof(float));
      }
      old = grown;
    }
  }
}

}  // namespace splitwan::engine
