// Progress on stderr: a redrawn line on a terminal, nothing elsewhere.
#pragma once

#include <chrono>
#include <string>

namespace splitwan::scenarios {

class Progress {
 public:
  Progress();
  ~Progress();  // clears the line
  // With the time that the rest will take, at the pace since the first call of a new total.
  void show(std::size_t done, std::size_t total, const std::string& what);

 private:
  std::string remaining(std::size_t done, std::size_t total);

  bool terminal_;
  std::size_t total_ = 0, first_ = 0;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace splitwan::scenarios
