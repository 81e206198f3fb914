// Children that other processes do not interrupt, where that is allowed.
#pragma once

#include <sched.h>

namespace splitwan::scenarios {

// While it lives, the calling thread and what it starts run before all ordinary processes (SCHED_FIFO: root,
// or a limit on rtprio). The kernel leaves the others a twentieth of each second.
class HighPriority {
 public:
  HighPriority();
  ~HighPriority();
  HighPriority(const HighPriority&) = delete;
  bool granted() const { return granted_; }

 private:
  int policy_ = SCHED_OTHER;
  sched_param before_{};
  bool granted_ = false;
};

}  // namespace splitwan::scenarios
