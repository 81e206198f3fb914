#include "scenarios/console/live_line.hh"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "engine/base/plain_text.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/signal_watch.hh"

namespace splitwan::scenarios {
namespace {

using namespace std::chrono_literals;

constexpr auto redrawn_each = 250ms;
constexpr auto printed_each = 10s;
constexpr int fewest_rows = 4;

// In one piece, so that nothing comes between; where nobody reads, nothing happens.
void put(std::string_view text) {
  while (!text.empty()) {
    const auto put = ::write(STDERR_FILENO, text.data(), text.size());
    if (put <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

winsize size_of_terminal() {
  winsize size{};
  ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
  return size;
}

// ESC 7 and ESC 8 keep the cursor; CSI r without rows scrolls all of the screen again, CSI J empties what is
// below. The last row is wherever CSI 999 H leads.
constexpr std::string_view given_back = "\0337\033[r\033[999;1H\033[2K\0338";

// Whoever ends or stops the program by a signal has the whole terminal back first.
constexpr std::array ends_by = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};  // the last one stops it
std::array<struct sigaction, ends_by.size()> handlers_before;
std::atomic<bool> stopped = false;  // and continued since

void give_back(int signal) {
  [[maybe_unused]] const auto put = ::write(STDERR_FILENO, given_back.data(), given_back.size());
  stopped = signal == SIGTSTP;
  for (std::size_t i = 0; i < ends_by.size(); ++i)
    if (ends_by[i] == signal) sigaction(signal, &handlers_before[i], nullptr);
  std::raise(signal);  // held back until this handler returns
}

void take_signal(std::size_t i) {
  struct sigaction action {};
  action.sa_handler = give_back;
  sigaction(ends_by[i], nullptr, &handlers_before[i]);
  if (handlers_before[i].sa_handler != SIG_IGN) sigaction(ends_by[i], &action, nullptr);  // nohup stays so
}

void watch_signals() {
  for (std::size_t i = 0; i < ends_by.size(); ++i) take_signal(i);
}

void leave_signals() {
  for (std::size_t i = 0; i < ends_by.size(); ++i) sigaction(ends_by[i], &handlers_before[i], nullptr);
}

}  // namespace

LiveLine::Form LiveLine::form_here(bool prints_meanwhile) {
  if (!redraws_stderr()) return Form::plain;
  struct stat out {
  }, err{};
  const bool same = ::isatty(STDOUT_FILENO) && ::fstat(STDOUT_FILENO, &out) == 0 &&
                    ::fstat(STDERR_FILENO, &err) == 0 && out.st_rdev == err.st_rdev;
  if (!same || !prints_meanwhile) return Form::in_place;
  return size_of_terminal().ws_row >= fewest_rows ? Form::set_aside : Form::plain;
}

LiveLine::LiveLine(Say say, bool prints_meanwhile)
    : say_(std::move(say)), form_(form_here(prints_meanwhile)) {
  if (form_ == Form::set_aside) {
    watch_signals();
    set_aside();
  }
  thread_ = std::jthread([this](const std::stop_token& stop) {
    take_no_signals();
    tend(stop);
  });
}

LiveLine::~LiveLine() {
  thread_.request_stop();
  thread_.join();
  if (form_ == Form::in_place && !drawn_.empty()) put("\r\033[2K");
  if (form_ != Form::set_aside) return;
  put(given_back);
  leave_signals();
}

void LiveLine::tend(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  auto due = std::chrono::steady_clock::now() + (form_ == Form::plain ? printed_each : redrawn_each);
  while (!stop.stop_requested()) {
    wake_.wait_until(lock, stop, due, [] { return false; });
    if (stop.stop_requested() || std::chrono::steady_clock::now() < due) continue;
    draw();
    due = std::chrono::steady_clock::now() + (form_ == Form::plain ? printed_each : redrawn_each);
  }
}

// Scrolls up once where the cursor is on the row that will be the line's.
void LiveLine::set_aside() {
  rows_ = size_of_terminal().ws_row;
  put(fmt::format("\n\0337\033[1;{}r\0338\033[1A", rows_ - 1));
}

void LiveLine::draw() {
  const winsize size = size_of_terminal();
  std::string text = engine::one_line(say_());
  if (form_ == Form::plain) {
    if (!text.empty() && text != drawn_) put(text + "\n");
    drawn_ = text;
    return;
  }
  if (size.ws_col > 1) text = engine::shortened(text, size.ws_col - 1u);
  if (form_ == Form::in_place) {
    put("\r\033[2K" + text);
    drawn_ = text;
    return;
  }
  if (size.ws_row < fewest_rows) return;
  if (stopped.exchange(false)) {
    take_signal(ends_by.size() - 1);
    rows_ = 0;
  }
  if (size.ws_row != rows_) set_aside();
  put(fmt::format("\0337\033[{};1H\033[2K{}\0338", rows_, text));
}

}  // namespace splitwan::scenarios
