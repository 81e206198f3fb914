// Where slow start ends before anything is lost: HyStart as Linux has had it since 5.5 (hystart_update in
// net/ipv4/tcp_cubic.c), in microseconds. ns-3 3.37 has an older one: it lets a train of acknowledgements
// last a whole round trip where Linux, unpaced, allows half; and it wants the delay doubled, Linux an eighth
// more.
#pragma once

#include <ns3/nstime.h>
#include <ns3/sequence-number.h>

#include <cstdint>

namespace splitwan::netsim::sim {

class HystartLinux {
 public:
  struct Ack {
    ns3::Time now, rtt;
    ns3::SequenceNumber32 acked, next;  // SND.UNA after it, SND.NXT
    std::uint32_t window = 0;           // segments
    ns3::Time burst;                    // how long a full offload packet takes at the socket's rate
  };

  void forget() { *this = {}; }  // after a retransmission timeout
  void see(ns3::Time rtt);
  ns3::Time least_rtt() const { return least_rtt_; }
  // Slow start should end with this acknowledgement. It says so once.
  bool ends_slow_start(const Ack& ack);

 private:
  bool train_is_long(const Ack& ack);
  bool delay_has_grown(ns3::Time rtt);

  bool found_ = false;
  ns3::Time least_rtt_;  // 0 = none yet; the rest is of the present round
  ns3::SequenceNumber32 end_{0};
  ns3::Time start_, train_, rtt_;
  std::uint32_t samples_ = 0;
};

}  // namespace splitwan::netsim::sim
