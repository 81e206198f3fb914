#include "scenarios/console/console.hh"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "engine/base/plain_text.hh"

namespace splitwan::scenarios {

// Unlike fmt::print, fputs throws nothing.
void remark_lines(const std::string& text) { std::fputs(engine::whole_lines(text).c_str(), stderr); }

bool redraws_stderr() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) && !std::getenv("CI") && term && std::string_view(term) != "dumb";
}

Progress::Progress() : terminal_(redraws_stderr()) {}

Progress::~Progress() {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

std::string Progress::remaining(std::size_t done, std::size_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (total != total_ || done < first_) {
    total_ = total;
    first_ = done;
    begin_ = now;
  }
  const double passed = std::chrono::duration<double>(now - begin_).count();
  if (done <= first_ || done >= total || passed < 1) return "";
  const double left = passed / static_cast<double>(done - first_) * static_cast<double>(total - done);
  return left > 90 ? fmt::format(", about {:.0f} min left", left / 60)
                   : fmt::format(", about {:.0f} s left", left);
}

void Progress::show(std::size_t done, std::size_t total, const std::string& what) {
  if (!terminal_) return;
  constexpr std::size_t width = 24;
  const std::size_t filled = total ? width * done / total : 0;
  std::fputs(fmt::format("\r\033[K[{:#<{}}{:.<{}}] {}/{} {}{}", "", filled, "", width - filled, done, total,
                         engine::one_line(what), remaining(done, total))
                 .c_str(),
             stderr);
  std::fflush(stderr);
}

}  // namespace splitwan::scenarios
