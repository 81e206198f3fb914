// CUBIC with two of Linux's window rules that ns-3 3.37 lacks. Against the kernel: uploads within 1-4 %,
// where stock ns-3 is up to 82 % too fast.
//   Slow start after idle: tcp_slow_start_after_idle_check and tcp_cwnd_restart (net/ipv4/tcp_output.c), RFC
//   2861. Growth only when the window was used: tcp_is_cwnd_limited (include/net/tcp.h), tcp_cwnd_validate.
#pragma once

#include <ns3/sequence-number.h>
#include <ns3/tcp-cubic.h>

namespace splitwan::netsim::sim {

class TcpCubicLinux : public ns3::TcpCubic {
 public:
  static ns3::TypeId GetTypeId();

  std::string GetName() const override { return "TcpCubicLinux"; }
  ns3::Ptr<ns3::TcpCongestionOps> Fork() override;
  void IncreaseWindow(ns3::Ptr<ns3::TcpSocketState> tcb, std::uint32_t segments_acked) override;
  void PktsAcked(ns3::Ptr<ns3::TcpSocketState> tcb, std::uint32_t segments_acked,
                 const ns3::Time& rtt) override;
  void CwndEvent(ns3::Ptr<ns3::TcpSocketState> tcb, const ns3::TcpSocketState::TcpCAEvent_t event) override;

 private:
  ns3::Time min_rto_;  // attribute LinuxMinRto: ns-3 derives TcpCubic's from a class with a MinRto
  ns3::Time
      last_sent_;  // when the segment acknowledged last had been sent: Linux's lsndtime once all is acked
  ns3::Time rtt_;  // its sample; zero until the first
  bool window_limited_ = false;
  std::uint32_t most_in_flight_ = 0;    // bytes, in the present round: Linux's max_packets_out
  ns3::SequenceNumber32 round_end_{0};  // Linux's cwnd_usage_seq
};

}  // namespace splitwan::netsim::sim
