#include "scenarios/console.hh"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace splitwan::scenarios {

Progress::Progress() : terminal_(isatty(STDERR_FILENO) && !std::getenv("CI")) {
  const char* term = std::getenv("TERM");
  if (!term || std::string_view(term) == "dumb") terminal_ = false;
}

Progress::~Progress() {
  if (terminal_) fmt::print(stderr, "\r\033[K");
}

void Progress::show(std::size_t done, std::size_t total, const std::string& what) {
  if (!terminal_) return;
  constexpr std::size_t width = 24;
  const std::size_t filled = total ? width * done / total : 0;
  fmt::print(stderr, "\r\033[K[{:#<{}}{:.<{}}] {}/{} {}", "", filled, "", width - filled, done, total, what);
  std::fflush(stderr);
}

}  // namespace splitwan::scenarios
