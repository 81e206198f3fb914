// Asked to end (SIGINT, SIGTERM, SIGHUP): noted, for work that first puts away what it has.
#pragma once

#include <csignal>

namespace splitwan::scenarios {

// One at a time. Puts the previous handlers back.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  static int received();  // the signal since the latest watch began; 0: none

 private:
  struct sigaction before_[3];
};

// For a thread beside the main one: signals are the main one's.
void take_no_signals();

}  // namespace splitwan::scenarios
