#include "netsim/ns3/sim/hystart_linux.hh"

#include <algorithm>

namespace splitwan::netsim::sim {

using ns3::MicroSeconds;
using ns3::MilliSeconds;
using ns3::Time;

void HystartLinux::see(Time rtt) {
  rtt = std::max<Time>(rtt, MicroSeconds(1));
  if (least_rtt_.IsZero() || rtt < least_rtt_) least_rtt_ = rtt;
}

bool HystartLinux::ends_slow_start(const Ack& ack) {
  if (found_) return false;
  if (ack.acked > end_) {
    start_ = train_ = ack.now;
    end_ = ack.next;
    rtt_ = Time::Max();
    samples_ = 0;
  }
  if (ack.window < 16) return false;
  const bool train = train_is_long(ack);  // both are kept up to date
  found_ = delay_has_grown(ack.rtt) || train;
  return found_;
}

// Acknowledgements that follow each other closely tell how long the link takes for one window. An unpaced
// window came in one burst, so that half a round trip of them means that the next, doubled, fills it.
bool HystartLinux::train_is_long(const Ack& ack) {
  if (ack.now - train_ > MilliSeconds(2)) return false;
  train_ = ack.now;
  return ack.now - start_ > (least_rtt_ + std::min<Time>(ack.burst, MilliSeconds(1))) / 2;
}

bool HystartLinux::delay_has_grown(Time rtt) {
  rtt_ = std::min(rtt_, rtt);
  if (samples_ < 8) {
    ++samples_;
    return false;
  }
  const Time margin = std::clamp<Time>(least_rtt_ / 8, MilliSeconds(4), MilliSeconds(16));
  return rtt_ > least_rtt_ + margin;
}

}  // namespace splitwan::netsim::sim
