// Keys and values of one session's layers: committed rows in order of position, then the rows of the step in
// flight. commit() keeps one path of those and drops the rest. Slot s of a layer is in its chunk
// s / chunk_slots: growing copies nothing. For ATen's operations the slots are those of one tensor instead.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "engine/base/types.hh"
#include "engine/kernels/arena.hh"
#include "engine/kernels/kernels.hh"

namespace splitwan::engine {

class KvCache {
 public:
  // With a device: for ATen's operations there.
  KvCache(int layers, int kv_heads, int head_dim, int sliding_window, std::optional<at::Device> = {});

  int committed() const { return committed_; }

  // Opens a step of these rows. Throws Error on a bad tree. Rows of a step that was not committed are
  // dropped.
  void begin(std::vector<std::int32_t> parent);
  // Adds rows to the open step; parents count from the step's first row. From here on the rows below are
  // these new ones, counted from 0; commit() counts all of the step's.
  void grow(std::span<const std::int32_t> parent);
  int rows() const { return static_cast<int>(parent_.size()) - first_; }
  int slots() const { return committed_ + static_cast<int>(parent_.size()); }  // committed and open
  int position(int row) const { return committed_ + depth_[first_ + row]; }
  // The slots that the row attends to, in order of position, sliding window applied. A chain is one run.
  void runs(int row, std::vector<kernels::SlotRun>&) const;

  // Keeps `rows`, a path from a root: row i of it becomes position committed() + i. Throws Error when it is
  // none.
  void commit(std::span<const std::int32_t> rows);

  // Stores a row's key and value of all heads, [kv_heads, head_dim] each.
  void put(int layer, int row, const float* key, const float* value);
  kernels::HeadCache head(int layer, int head) const;
  // One slot's key and value, [kv_heads, head_dim] each.
  void get(int layer, int slot, float* key, float* value) const;
  // On a device, instead of the three above: stores the keys and values of all rows, [rows, kv_heads,
  // head_dim] each -> those of all slots.
  std::pair<at::Tensor, at::Tensor> extend(int layer, const at::Tensor& keys, const at::Tensor& values);

 private:
  struct Layer {
    std::vector<Arena> memory;
    std::vector<const float*> chunks;
  };
  std::size_t head_floats() const { return std::size_t{2} * kernels::chunk_slots * head_dim_; }
  void store(Layer&, int slot, const float* key, const float* value);
  void move(Layer&, int from, int to);
  void open(std::size_t from);  // the rows from this one on
  void reserve_tensor();
  int kv_heads_, head_dim_, window_;
  int committed_ = 0;
  std::vector<Layer> layers_;
  at::Tensor tensor_;  // on a device: [layers, key or value, slots, kv_heads, head_dim]
  int first_ = 0;      // of the step's rows: where the last begin() or grow() began
  std::vector<std::int32_t> parent_, depth_;
  std::vector<std::int32_t> run_;  // per row: the first row of the unbroken chain that ends in it
};

}  // namespace splitwan::engine
