#include "scenarios/console/signal_watch.hh"

#include <atomic>

namespace splitwan::scenarios {
namespace {

std::atomic<int> noted = 0;  // attacks run on threads of their own
static_assert(std::atomic<int>::is_always_lock_free);
constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};

}  // namespace

SignalWatch::SignalWatch() {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = [](int signal) { noted = signal; };
  for (std::size_t i = 0; i < std::size(signals); ++i) {
    sigaction(signals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) sigaction(signals[i], &action, nullptr);  // nohup stays so
  }
}

SignalWatch::~SignalWatch() {
  for (std::size_t i = 0; i < std::size(signals); ++i) sigaction(signals[i], &before_[i], nullptr);
}

int SignalWatch::received() { return noted; }

void take_no_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace splitwan::scenarios
