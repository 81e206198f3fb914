#include "scenarios/console/signal_watch.hh"

#include <atomic>

namespace splitwan::scenarios {
namespace {

std::atomic<int> noted = 0;  // attacks run on threads of their own
static_assert(std::atomic<int>::is_always_lock_free);
constexpr int signals[] = {SIGINT, SIGTERM};

}  // namespace

SignalWatch::SignalWatch() {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = [](int signal) { noted = signal; };
  for (int i = 0; i < 2; ++i) sigaction(signals[i], &action, &before_[i]);
}

SignalWatch::~SignalWatch() {
  for (int i = 0; i < 2; ++i) sigaction(signals[i], &before_[i], nullptr);
}

int SignalWatch::received() { return noted; }

}  // namespace splitwan::scenarios
