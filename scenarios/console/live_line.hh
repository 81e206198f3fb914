// A line on stderr that says how things go. On a terminal it is drawn again and again: on the lowest row,
// which is set aside, where what the program prints goes to the same terminal; else where the cursor is.
// Elsewhere it is printed now and then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace splitwan::scenarios {

class LiveLine {
 public:
  using Say = std::function<std::string()>;  // "" = nothing yet. From a thread of the line's own, too

  // `prints_meanwhile`: on stdout, which may be the same terminal. One at a time.
  LiveLine(Say, bool prints_meanwhile);
  ~LiveLine();  // leaves nothing behind
  LiveLine(const LiveLine&) = delete;

 private:
  enum class Form : std::uint8_t { plain, in_place, set_aside };
  static Form form_here(bool prints_meanwhile);
  void tend(const std::stop_token&);
  void draw();
  void set_aside();

  const Say say_;
  const Form form_;
  int rows_ = 0;  // of the terminal, as last set aside
  std::string drawn_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace splitwan::scenarios
