// What every engine of an emulated link tells about it. C++17: ns-3's part shares it.
#pragma once

#include "engine/base/link_law.hh"
#include "netsim/kernel/lateness.hh"

namespace splitwan::netsim {

struct LinkPair {
  LinkSpec up, down;  // client to server, server to client
};

struct LinkReport {
  LinkTime elapsed{};
  LatenessSummary lateness;
  LinkCounts up, down;
  bool realtime = false;  // the kernel granted SCHED_FIFO
};

class RunningLink {
 public:
  virtual ~RunningLink() = default;
  virtual LinkReport report() = 0;
  virtual void start_of_report() = 0;  // lateness from here on; the links' own counts go on
};

}  // namespace splitwan::netsim
