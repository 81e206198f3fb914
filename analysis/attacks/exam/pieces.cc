#include "analysis/attacks/exam/pieces.hh"

#include <ATen/ATen.h>

#include <numeric>

namespace splitwan::attacks {

using engine::LayerRange;

Pieces::Pieces(const std::string& folder, engine::Storage storage)
    : checkpoint_(std::make_unique<engine::Checkpoint>(folder)) {
  const int n = config().layers;
  ends_ = std::make_unique<engine::ModelEnds>(*checkpoint_, LayerRange{0, 0}, LayerRange{n, n}, storage);
  layers_.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) layers_.emplace_back(*checkpoint_, LayerRange{i, i + 1}, storage);
}

const SmoothModel& Pieces::smooth() const {
  std::call_once(read_, [this] { smooth_ = smooth_model(*checkpoint_); });
  return smooth_;
}

Session::Session(const Pieces& pieces, int end) : pieces_(pieces) {
  for (int i = 0; i < end; ++i) caches_.push_back(pieces.layer(i).new_cache());
}

void Session::begin(const std::vector<std::int32_t>& parent) {
  for (auto& cache : caches_) cache.begin(parent);
  rows_ = static_cast<int>(parent.size());
}

void Session::grow(std::span<const std::int32_t> parent) {
  for (auto& cache : caches_) cache.grow(parent);
  rows_ += static_cast<int>(parent.size());
}

void Session::commit(std::span<const std::int32_t> rows) {
  for (auto& cache : caches_) cache.commit(rows);
  committed_ += static_cast<int>(rows.size());
}

void Session::commit_all() {
  std::vector<std::int32_t> all(static_cast<std::size_t>(rows_));
  std::iota(all.begin(), all.end(), 0);
  commit(all);
}

at::Tensor Session::through(at::Tensor x, int from, int to) {
  for (int i = from; i < to; ++i) x = pieces_.layer(i)(std::move(x), caches_[static_cast<std::size_t>(i)]);
  return x;
}

std::vector<std::int32_t> chain(std::size_t rows) {
  std::vector<std::int32_t> parent(rows);
  std::iota(parent.begin(), parent.end(), -1);
  return parent;
}

std::vector<std::int32_t> leaves(std::size_t rows) { return std::vector<std::int32_t>(rows, -1); }

}  // namespace splitwan::attacks
