// Whole lines into a descriptor, whatever is behind it: a terminal, a full disk, a pipe that nobody reads.
#pragma once

#include <atomic>
#include <string_view>

#include "engine/base/types.hh"

namespace splitwan::scenarios {

// Never throws; waits at most `patience`, and not at all while the line before could not be written either.
// One thread at a time. The caller's thread must not take SIGPIPE.
class LineWriter {
 public:
  explicit LineWriter(int descriptor, engine::Nanos patience = std::chrono::milliseconds(200));
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;

  void write(std::string_view line) noexcept;  // ends with its own line feed
  std::uint64_t lost() const noexcept { return lost_; }

 private:
  bool put(std::string_view& rest) noexcept;
  bool writable(engine::Nanos within) const noexcept;
  long push(std::string_view) const noexcept;

  int descriptor_;
  bool ours_ = false, socket_ = false;
  const engine::Nanos patience_;
  bool stuck_ = false;
  bool torn_ = false;  // the last line is there in part
  std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace splitwan::scenarios
