// Keys and values of one session's layers: committed rows in order of position, then the rows of the step in
// flight. commit() keeps one path of those and drops the rest.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/types.hh"
#include "engine/kernels/kernels.hh"
#include "engine/layers/branch_places.hh"
#include "engine/layers/kv_slots.hh"
#include "engine/layers/rope.hh"

namespace splitwan::engine {

class KvCache {
 public:
  KvCache(std::unique_ptr<KvSlots> slots, std::shared_ptr<const Rotary> rotary)
      : memory_(std::move(slots)), rotary_(std::move(rotary)) {}

  const Rotary& rotary() const { return *rotary_; }  // by which its rows turn

  int committed() const { return committed_; }

  // Opens a step of these rows. Throws Error on a bad tree. Rows of a step that was not committed are
  // dropped.
  void begin(std::vector<std::int32_t> parent);
  // Adds rows to the open step; parents count from the step's first row. From here on the rows below are
  // these new ones, counted from 0; commit() counts all of the step's.
  void grow(std::span<const std::int32_t> parent);
  // From here on the rows below are `count` of the open step's, which come after `first` that have been
  // computed.
  void select(int first, int count) { first_ = first, count_ = count; }
  int rows() const { return count_; }
  int slots() const { return committed_ + static_cast<int>(parent_.size()); }  // committed and open
  int position(int row) const { return committed_ + depth_[first_ + row]; }
  int slot(int row) const { return committed_ + places_.place(first_ + row); }
  // Adds the slots that the row attends to where it sees the last `window` positions, 0 = all, in order of
  // position. A chain is one run; a row of a step of n rows has no more than log2(n) + 2.
  void add_runs(int row, int window, std::vector<kernels::SlotRun>&) const;
  void add_positions(std::vector<std::int32_t>&) const;  // of the rows

  // Keeps `rows`, a path from a root: row i of it becomes position committed() + i. Throws Error when it is
  // none.
  void commit(std::span<const std::int32_t> rows);

  std::uint64_t bytes() const { return memory_->bytes(); }  // of memory, which shrinks with the steps
  // The slots themselves. Throws std::bad_cast when they are another backend's.
  template <typename Slots>
  Slots& memory() const {
    return dynamic_cast<Slots&>(*memory_);
  }

 private:
  void open(std::size_t from);  // the rows from this one on
  int committed_ = 0;
  std::unique_ptr<KvSlots> memory_;
  std::shared_ptr<const Rotary> rotary_;
  int first_ = 0, count_ = 0;  // of the step's rows
  std::vector<std::int32_t> parent_, depth_;
  BranchPlaces places_;
};

}  // namespace splitwan::engine
