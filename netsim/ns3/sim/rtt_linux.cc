#include "netsim/ns3/sim/rtt_linux.hh"

#include <ns3/simulator.h>

#include <algorithm>

namespace splitwan::netsim::sim {

using ns3::Simulator;
using ns3::Time;

NS_OBJECT_ENSURE_REGISTERED(RttLinux);

ns3::TypeId RttLinux::GetTypeId() {
  static ns3::TypeId id =
      ns3::TypeId("splitwan::RttLinux")
          .SetParent<ns3::RttEstimator>()
          .AddConstructor<RttLinux>()
          .AddAttribute("LinuxMinRto", "Linux's TCP_RTO_MIN", ns3::TimeValue(ns3::MilliSeconds(200)),
                        ns3::MakeTimeAccessor(&RttLinux::min_rto_), ns3::MakeTimeChecker());
  return id;
}

ns3::Ptr<ns3::RttEstimator> RttLinux::Copy() const { return ns3::CopyObject<RttLinux>(this); }

void RttLinux::Measurement(Time sample) {
  const Time now = Simulator::Now();
  if (m_nSamples++ == 0) {
    srtt_ = sample;
    mdev_ = 2 * sample;  // a first RTO of three round trips
    rttvar_ = mdev_max_ = std::max(mdev_, min_rto_);
    round_end_ = now;
  } else {
    Time error = sample - srtt_;
    srtt_ += error / 8;
    if (error.IsStrictlyNegative()) {
      error = error * -1 - mdev_ / 4;
      // A shorter round trip is no reason to expect a longer one: slower by 8 (Linux's comment says why).
      if (error.IsStrictlyPositive()) error = error / 8;
    } else {
      error = error - mdev_ / 4;
    }
    mdev_ += error;
    if (mdev_ > mdev_max_) {
      mdev_max_ = mdev_;
      rttvar_ = std::max(rttvar_, mdev_max_);
    }
    if (now >= round_end_) {
      if (mdev_max_ < rttvar_) rttvar_ -= (rttvar_ - mdev_max_) / 4;
      round_end_ = now + srtt_;
      mdev_max_ = min_rto_;
    }
  }
  m_estimatedRtt = srtt_;
  m_estimatedVariation = rttvar_ / 4;
}

}  // namespace splitwan::netsim::sim
