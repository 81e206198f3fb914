// Round-trip time as Linux estimates it (tcp_rtt_estimator, net/ipv4/tcp_input.c), so that ns-3's
// RTO = srtt + 4 variation is Linux's srtt + max(4 mdev, TCP_RTO_MIN). RFC 6298 takes the maximum of the sum
// instead, which for round trips below 200 ms is a shorter timeout.
#pragma once

#include <ns3/rtt-estimator.h>

namespace splitwan::netsim::sim {

class RttLinux : public ns3::RttEstimator {
 public:
  static ns3::TypeId GetTypeId();

  ns3::TypeId GetInstanceTypeId() const override { return GetTypeId(); }
  void Measurement(ns3::Time sample) override;
  ns3::Ptr<ns3::RttEstimator> Copy() const override;

 private:
  ns3::Time min_rto_;    // attribute LinuxMinRto
  ns3::Time srtt_;       // Linux's tp->srtt_us / 8
  ns3::Time mdev_;       // four times the mean deviation: Linux's tp->mdev_us
  ns3::Time mdev_max_;   // the largest within this round trip
  ns3::Time round_end_;  // Linux ends a round by sequence number; by time it is the same to one ack
  ns3::Time rttvar_;     // what the RTO adds to srtt
};

}  // namespace splitwan::netsim::sim
