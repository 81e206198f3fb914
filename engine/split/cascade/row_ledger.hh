// Which of all rows that were ever sent became the committed ones. The client numbers the rows that it sends;
// as long as it dropped none, a row's number is its position, and messages need no lists. No torch.
#pragma once

#include "engine/party/shards.hh"
#include "engine/split/row_lists.hh"
#include "engine/wire/wire.hh"

namespace splitwan::engine::cascade {

class RowLedger {
 public:
  // Of a model of so many positions; of one shard's committed rows, or of all.
  RowLedger(const Sharding& sharding, int limit, int shard = every_shard)
      : sharding_(sharding), limit_(limit), shard_(shard) {}

  int size() const { return static_cast<int>(numbers_.size()); }  // positions that are committed
  std::int32_t number(int position) const { return numbers_[static_cast<std::size_t>(position)]; }
  void add(std::int32_t number);
  // Those of the shard, ascending: rows are numbered as they are sent, and a path goes down its tree.
  const std::vector<std::int32_t>& own() const { return own_; }

  // Takes in what a batch's first message says -> the number of the batch's first row. Throws Error where it
  // does not continue this ledger.
  std::int32_t read(const Header&);

  // `keep` of a batch's first message, whose first row has the number `first`, to somebody who was told of
  // the first `told` positions and has to do with one shard. To somebody who needs no committed rows: told =
  // size().
  RowList tell(std::int32_t first, int told, int shard) const;

  static constexpr int every_shard = -1;

 private:
  bool concerns(int position, int shard) const {
    return shard == every_shard || sharding_.shard_of(position) == shard;
  }
  Sharding sharding_;
  int limit_, shard_;
  std::vector<std::int32_t> own_;
  std::vector<std::int32_t> numbers_;  // by position; of other shards than ours: not known, no_row
};

// The number of the first row of a batch whose message names no others.
std::int32_t first_number(const Header&);

}  // namespace splitwan::engine::cascade
