// One step's rows as every party that has part in it knows them: whose they are, and what they see. No torch.
#pragma once

#include "engine/split/cascade/row_ledger.hh"

namespace splitwan::engine::cascade {

class BatchRows {
 public:
  BatchRows() = default;
  // From a batch's first message: its step, context and tree; a chain may be of any length. Throws Error on a
  // bad tree, and on positions from `limit` on.
  BatchRows(const Sharding&, int limit, const Header&, std::int32_t first);

  std::uint64_t step() const { return step_; }
  int context() const { return context_; }
  bool is(const Header& h) const { return h.step == step_ && std::cmp_equal(h.context, context_); }
  const RowList& parents() const { return parent_; }  // none: a chain

  // The rows of a shard; of a chain the first `count`. Throws Error where the batch has another number of
  // them.
  RowList rows_of(int shard, std::size_t count) const;
  int position(std::int32_t row) const {
    return context_ + (is_chain() ? row : depth_[static_cast<std::size_t>(row)]);
  }
  std::int32_t number(std::int32_t row) const { return first_ + row; }

  // Of a layer in which a row sees the last `window` positions, 0 = all.
  bool sees(std::int32_t row, int shard, int window) const;
  // Numbers of the keys of that shard that the row sees there, in order of position.
  void keys(std::int32_t row, int shard, int window, const RowLedger& committed,
            std::vector<std::int32_t>& numbers) const;

 private:
  bool is_chain() const { return parent_.empty(); }
  int oldest(std::int32_t row, int window) const {
    return window > 0 ? std::max(0, position(row) - window + 1) : 0;
  }

  Sharding sharding_;
  int limit_ = 0, context_ = 0;
  std::int32_t first_ = 0;
  std::uint64_t step_ = 0;
  RowList parent_, depth_;
};

}  // namespace splitwan::engine::cascade
