#include "engine/split/cascade/row_ledger.hh"

#include <utility>

#include "engine/base/error.hh"

namespace splitwan::engine::cascade {

namespace {

constexpr std::int32_t most_rows = 1 << 30;  // of a session

std::int32_t first_of(const Header& h) {
  const std::int32_t first = h.keep.empty() ? static_cast<std::int32_t>(h.context) : h.keep[0];
  if (first < 0 || first > most_rows)
    throw Error("a step's first row has the number {}: expected 0 to {}", first, most_rows);
  return first;
}

}  // namespace

std::int32_t first_number(const Header& h) {
  if (h.keep.size() > 1) throw Error("{} rows to keep where none are asked for", h.keep.size() - 1);
  return first_of(h);
}

void RowLedger::add(std::int32_t number) {
  numbers_.push_back(number);
  if (number != no_row) own_.push_back(number);
}

std::int32_t RowLedger::read(const Header& h) {
  if (std::cmp_less(h.context, numbers_.size()) || std::cmp_greater(h.context, limit_))
    throw Error("out of step: {} tokens; {} are committed here, the model's context is {}", h.context, size(),
                limit_);
  const std::int32_t first = first_of(h);
  std::size_t next = 1;
  for (int position = size(); std::cmp_less(position, h.context); ++position) {
    if (!concerns(position, shard_)) {
      add(no_row);
    } else if (h.keep.empty()) {
      if (!own_.empty() && position <= own_.back())
        throw Error("out of step: rows were dropped, and none is named");
      add(position);
    } else {
      if (next == h.keep.size()) break;
      const std::int32_t number = h.keep[next++];
      if (number < 0 || number >= first || (!own_.empty() && number <= own_.back()))
        throw Error("row {} to keep: {} were sent", number, first);
      add(number);
    }
  }
  if (std::cmp_not_equal(numbers_.size(), h.context) || (!h.keep.empty() && next != h.keep.size()))
    throw Error("out of step: {} tokens, and {} new rows to keep after {}", h.context, h.keep.size() - 1,
                size());
  return first;
}

RowList RowLedger::tell(std::int32_t first, int told, int shard) const {
  if (std::cmp_equal(first, numbers_.size())) return {};  // no row was ever dropped
  RowList list = {first};
  for (int position = told; position < size(); ++position)
    if (concerns(position, shard)) list.push_back(number(position));
  return list;
}

}  // namespace splitwan::engine::cascade
