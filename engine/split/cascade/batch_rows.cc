#include "engine/split/cascade/batch_rows.hh"

#include <algorithm>
#include <utility>

#include "engine/base/error.hh"

namespace splitwan::engine::cascade {

BatchRows::BatchRows(const Sharding& sharding, int limit, const Header& h, std::int32_t first)
    : sharding_(sharding),
      limit_(limit),
      context_(static_cast<int>(h.context)),
      first_(first),
      step_(h.step),
      parent_(h.parent) {
  if (std::cmp_greater(parent_.size(), std::max(limit, widest_tree)))
    throw Error("a step of {} rows: expected 1 to {}", parent_.size(), std::max(limit, widest_tree));
  depth_ = depths(parent_);
  const int deepest = is_chain() ? 0 : std::ranges::max(depth_);
  if (std::cmp_greater_equal(h.context, limit) || context_ + deepest >= limit)
    throw Error("a path of {} rows after {} tokens: the model's context is {}", deepest + 1, h.context,
                limit);
}

RowList BatchRows::rows_of(int shard, std::size_t count) const {
  RowList rows;
  if (is_chain()) {
    for (std::int32_t row = 0; rows.size() < count && position(row) < limit_; ++row)
      if (sharding_.shard_of(position(row)) == shard) rows.push_back(row);
  } else {
    for (std::int32_t row = 0; std::cmp_less(row, parent_.size()); ++row)
      if (sharding_.shard_of(position(row)) == shard) rows.push_back(row);
  }
  if (rows.size() != count || count == 0)
    throw Error("{} rows of shard {} after {} tokens: expected {}", count, shard, context_, rows.size());
  return rows;
}

bool BatchRows::sees(std::int32_t row, int shard, int window) const {
  const int from = oldest(row, window),
            until = is_chain() ? position(row) + 1 : context_;  // all that lies between
  if (until - from >= sharding_.stride()) return true;
  for (int at = from; at < until; ++at)
    if (sharding_.shard_of(at) == shard) return true;
  for (std::int32_t at = row; !is_chain() && at >= 0; at = parent_[static_cast<std::size_t>(at)])
    if (position(at) >= from && sharding_.shard_of(position(at)) == shard) return true;
  return false;
}

void BatchRows::keys(std::int32_t row, int shard, int window, const RowLedger& committed,
                     std::vector<std::int32_t>& numbers) const {
  numbers.clear();
  const int from = oldest(row, window);
  int cluster = from / sharding_.cluster;
  cluster += (shard - cluster % sharding_.alpha + sharding_.alpha) % sharding_.alpha;
  for (; cluster * sharding_.cluster < context_; cluster += sharding_.alpha) {
    const int begin = std::max(from, cluster * sharding_.cluster),
              end = std::min(context_, (cluster + 1) * sharding_.cluster);
    for (int at = begin; at < end; ++at) numbers.push_back(committed.number(at));
  }
  const auto open = static_cast<std::ptrdiff_t>(numbers.size());
  for (std::int32_t at = row; at >= 0; at = is_chain() ? at - 1 : parent_[static_cast<std::size_t>(at)])
    if (position(at) >= from && sharding_.shard_of(position(at)) == shard) numbers.push_back(number(at));
  std::reverse(numbers.begin() + open, numbers.end());
}

}  // namespace splitwan::engine::cascade
