// Two links in real time between two TUN devices: one thread carries each packet when the link model says.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/base/link_law.hh"
#include "netsim/kernel/file.hh"
#include "netsim/kernel/running_link.hh"

namespace splitwan::netsim {

// Asks SCHED_FIFO for the calling thread; false where that is not allowed.
bool become_realtime(int priority);
inline constexpr int link_priority = 50, end_priority = 40;

class DelayLine : public RunningLink {
 public:
  DelayLine(File client, File server, const LinkPair&, std::uint64_t seed);
  ~DelayLine() override;
  DelayLine(const DelayLine&) = delete;

  LinkReport report() override;
  void start_of_report() override;

 private:
  using Packet = std::vector<char>;
  struct Direction {
    Direction(const LinkSpec& spec, std::uint64_t seed, std::uint64_t stream) : link(spec, seed, stream) {}
    LinkModel link;
    std::multimap<LinkTime, Packet> waiting;  // equal arrivals keep their order
    int from = -1, to = -1;
  };
  void carry();
  bool take(Direction&);
  bool release(Direction&);
  void wait();

  File client_, server_, wake_;
  Direction up_, down_;
  Lateness lateness_;
  LinkTime started_, period_{}, slept_{};  // asleep since period_ began
  std::mutex mutex_;                       // counts and lateness
  std::vector<char> buffer_;
  std::atomic<bool> stop_ = false, realtime_ = false;
  std::thread thread_;
};

}  // namespace splitwan::netsim
