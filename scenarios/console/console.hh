// What is said on stderr while a command works. Where nobody reads it any longer, nothing happens.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>

namespace splitwan::scenarios {

// Whole lines; what others wrote in them does nothing to the terminal.
void remark_lines(const std::string& text);
template <typename... Args>
void remark(fmt::format_string<Args...> format, Args&&... args) {
  remark_lines(fmt::format(format, std::forward<Args>(args)...) + "\n");
}

// Whether stderr is a terminal whose lines may be drawn anew, and nobody's log.
bool redraws_stderr();

// A redrawn line on a terminal, nothing elsewhere.
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
