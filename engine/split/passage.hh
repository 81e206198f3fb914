// The rows of one message on their way through layers: all at once, or some at a time beside those of others.
#pragma once

#include <limits>
#include <string>

#include "engine/layers/layers.hh"
#include "engine/split/row_lists.hh"

namespace splitwan::engine {

class Passage {
 public:
  explicit Passage(KvCache cache) : cache_(std::move(cache)) {}

  // Opens a step of these rows, [rows, width] on the device, of which the last `wanted` are to come out.
  // Throws Error on a bad tree.
  void begin(at::Tensor rows, RowList parent, std::int64_t wanted);
  bool under_way() const { return rows_.defined() && done_ < rows_.size(0); }
  at::Tensor take_out() {
    return std::exchange(out_, at::Tensor());
  }  // [wanted, width], when all are through
  void commit(std::span<const std::int32_t> rows) { cache_.commit(rows); }
  int committed() const { return cache_.committed(); }
  std::uint64_t bytes() const;  // of memory: the cache and what is under way

  // Sees every row of the steps from here on; null: nobody does. It must outlive them.
  void observe(LayerObserver* observer) { observer_ = observer; }

 private:
  friend class Together;
  KvCache cache_;
  at::Tensor rows_, out_;
  std::int64_t done_ = 0, wanted_ = 0;
  LayerObserver* observer_ = nullptr;
};

constexpr int all_rows = std::numeric_limits<int>::max();

struct Advance {
  Passage* passage = nullptr;
  int rows = all_rows;       // at most, in this call
  std::string failure = {};  // out: why this one did not go on
};

// One after the other of these in one call; passages that are not under way stay as they are. What fails for
// one alone is its failure. -> rows that were computed.
std::uint32_t proceed(const LayerStack&, std::span<Advance>);
// Of one, to its end. Throws what the layers throw.
void proceed(const LayerStack&, Passage&);

}  // namespace splitwan::engine
