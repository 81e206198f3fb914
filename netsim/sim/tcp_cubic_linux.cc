#include "netsim/sim/tcp_cubic_linux.hh"

#include <ns3/simulator.h>

#include <algorithm>

namespace splitwan::netsim::sim {

using ns3::Ptr;
using ns3::TcpSocketState;
using ns3::Time;

NS_OBJECT_ENSURE_REGISTERED(TcpCubicLinux);

ns3::TypeId TcpCubicLinux::GetTypeId() {
  static ns3::TypeId id =
      ns3::TypeId("splitwan::TcpCubicLinux")
          .SetParent<ns3::TcpCubic>()
          .AddConstructor<TcpCubicLinux>()
          .AddAttribute("LinuxMinRto", "Linux's TCP_RTO_MIN", ns3::TimeValue(ns3::MilliSeconds(200)),
                        ns3::MakeTimeAccessor(&TcpCubicLinux::min_rto_), ns3::MakeTimeChecker());
  return id;
}

Ptr<ns3::TcpCongestionOps> TcpCubicLinux::Fork() { return ns3::CopyObject<TcpCubicLinux>(this); }

// Linux holds the window in congestion avoidance too; doing so here made runs with loss 13-34 % slower than
// the kernel, so the rule is applied to slow start only.
void TcpCubicLinux::IncreaseWindow(Ptr<TcpSocketState> tcb, std::uint32_t segments_acked) {
  const std::uint32_t in_flight = static_cast<std::uint32_t>(tcb->m_highTxMark.Get() - tcb->m_lastAckedSeq) +
                                  segments_acked * tcb->m_segmentSize;  // as it was when this ack set out
  const bool limited = in_flight + tcb->m_segmentSize > tcb->m_cWnd;
  if (tcb->m_lastAckedSeq >= round_end_ || limited || (!window_limited_ && in_flight > most_in_flight_)) {
    window_limited_ = limited;
    most_in_flight_ = in_flight;
    round_end_ = tcb->m_highTxMark.Get();
  }
  const bool slow_start = tcb->m_cWnd < tcb->m_ssThresh;
  if (!slow_start || window_limited_ || tcb->m_cWnd < 2 * most_in_flight_)
    TcpCubic::IncreaseWindow(tcb, segments_acked);
}

void TcpCubicLinux::PktsAcked(Ptr<TcpSocketState> tcb, std::uint32_t segments_acked, const Time& rtt) {
  if (rtt.IsStrictlyPositive()) {
    rtt_ = rtt;
    last_sent_ = ns3::Simulator::Now() - rtt;
  }
  TcpCubic::PktsAcked(tcb, segments_acked, rtt);
}

void TcpCubicLinux::CwndEvent(Ptr<TcpSocketState> tcb, const TcpSocketState::TcpCAEvent_t event) {
  const Time rto = rtt_ + min_rto_;  // Linux: srtt + max(4 rttvar, TCP_RTO_MIN)
  Time idle = ns3::Simulator::Now() - last_sent_;
  if (event == TcpSocketState::CA_EVENT_TX_START && rtt_.IsStrictlyPositive() && idle > rto) {
    const std::uint32_t window = tcb->m_cWnd;
    const std::uint32_t initial = tcb->m_initialCWnd * tcb->m_segmentSize;
    tcb->m_ssThresh =
        std::max<std::uint32_t>(tcb->m_ssThresh, window / 2 + window / 4);  // tcp_current_ssthresh
    std::uint32_t restarted = window;
    for (; idle > rto && restarted > initial; idle -= rto) restarted /= 2;  // halved once per RTO of silence
    tcb->m_cWnd = std::max(restarted, std::min(initial, window));
  }
  TcpCubic::CwndEvent(tcb, event);
}

}  // namespace splitwan::netsim::sim
