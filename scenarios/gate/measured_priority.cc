#include "scenarios/gate/measured_priority.hh"

namespace splitwan::scenarios {

HighPriority::HighPriority() {
  policy_ = sched_getscheduler(0);
  if (policy_ < 0 || sched_getparam(0, &before_) != 0) return;
  const sched_param high{.sched_priority = sched_get_priority_min(SCHED_FIFO)};
  granted_ = sched_setscheduler(0, SCHED_FIFO, &high) == 0;
}

HighPriority::~HighPriority() {
  if (granted_) sched_setscheduler(0, policy_, &before_);
}

}  // namespace splitwan::scenarios
