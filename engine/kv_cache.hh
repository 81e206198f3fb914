// Keys and values of one session's layers: committed rows in order of position, then the rows of the step in
// flight. commit() keeps one path of those and drops the rest.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "engine/kernels.hh"
#include "engine/types.hh"

namespace splitwan::engine {

class KvCache {
 public:
  KvCache(int layers, int kv_width, int sliding_window);

  int committed() const { return committed_; }

  // Opens a step of these rows. Throws Error on a bad tree. Rows of a step that was not committed are
  // dropped.
  void begin(std::vector<std::int32_t> parent);
  int rows() const { return static_cast<int>(parent_.size()); }
  int position(int row) const { return committed_ + depth_[row]; }
  kernels::Keys keys(int row) const;  // what the row attends to, sliding window applied

  // Keeps `rows`, a path from a root: row i of it becomes position committed() + i. Throws Error when it is
  // none.
  void commit(std::span<const std::int32_t> rows);

  // Row r's key is at k(layer) + (committed() + r) * kv_width.
  float* k(int layer) { return k_[layer].data_ptr<float>(); }
  float* v(int layer) { return v_[layer].data_ptr<float>(); }

 private:
  void reserve(int rows);
  int kv_width_, window_;
  int committed_ = 0, capacity_ = 0;
  std::vector<at::Tensor> k_, v_;  // [capacity, kv_width] per layer
  std::vector<std::int32_t> parent_, depth_;
  std::vector<std::vector<std::int32_t>> slots_;  // per row: slots of its ancestors and itself
};

}  // namespace splitwan::engine
