// What a session's server has been sent and was told to keep, as bytes: enough to fill a lost cache again,
// with no tensor and no second draw of noise. A row's bytes depend on nothing but the row (wire/codec.hh).
#pragma once

#include <deque>
#include <functional>

#include "engine/wire/wire.hh"

namespace splitwan::engine {

class SentRows {
 public:
  // A request on its way, or a check, which has no rows of its own. Its keeps settle which rows of the one
  // before are kept; no_row at their end only makes the list longer. An empty list whose context says "all of
  // them" keeps all (split/README.md).
  void sent(const Message& request);

  // The first `count` rows kept, as feeds: chains of rows written alike, at most `rows_each` of them. One at
  // a time, for all of them may be much.
  void feed(std::uint32_t count, std::uint32_t rows_each, const std::function<void(Message)>& to) const;

  std::uint32_t kept() const { return static_cast<std::uint32_t>(rows_.size()); }
  std::uint64_t bytes() const { return bytes_; }  // of kept rows

 private:
  struct Row {
    std::uint8_t dtype = 0;
    std::uint32_t width = 0;
    Bytes bytes;
  };
  void keep(std::uint32_t row);

  std::deque<Row> rows_;
  Message last_;  // the step before's
  std::uint64_t bytes_ = 0;
};

// The same request for a server that has been fed all rows before it: nothing of the step before is left to
// keep.
Message without_keeps(Message request);

}  // namespace splitwan::engine
