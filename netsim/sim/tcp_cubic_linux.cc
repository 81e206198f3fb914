#include "netsim/sim/tcp_cubic_linux.hh"

#include <ns3/boolean.h>
#include <ns3/enum.h>
#include <ns3/object-factory.h>
#include <ns3/simulator.h>

#include <algorithm>

#include "netsim/sim/rtt_linux.hh"

namespace splitwan::netsim::sim {

using ns3::Ptr;
using ns3::Simulator;
using ns3::TcpSocketState;
using ns3::Time;

NS_OBJECT_ENSURE_REGISTERED(TcpCubicLinux);

namespace {

std::uint32_t initial_window(Ptr<TcpSocketState> tcb) { return tcb->m_initialCWnd * tcb->m_segmentSize; }

// tcp_current_ssthresh: what the window was is remembered, so that slow start leads back to it.
void remember_window(Ptr<TcpSocketState> tcb) {
  const std::uint32_t window = tcb->m_cWnd;
  tcb->m_ssThresh = std::max<std::uint32_t>(tcb->m_ssThresh, window / 2 + window / 4);
}

}  // namespace

ns3::TypeId TcpCubicLinux::GetTypeId() {
  static ns3::TypeId id =
      ns3::TypeId("splitwan::TcpCubicLinux")
          .SetParent<ns3::TcpCubic>()
          .AddConstructor<TcpCubicLinux>()
          .AddAttribute("LinuxMinRto", "Linux's TCP_RTO_MIN", ns3::TimeValue(ns3::MilliSeconds(200)),
                        ns3::MakeTimeAccessor(&TcpCubicLinux::min_rto_), ns3::MakeTimeChecker())
          .AddAttribute("RttEstimatorType", "as the socket's", ns3::TypeIdValue(RttLinux::GetTypeId()),
                        ns3::MakeTypeIdAccessor(&TcpCubicLinux::estimator_type_), ns3::MakeTypeIdChecker())
          .AddAttribute("SlowStartAfterIdle", "Linux's tcp_slow_start_after_idle", ns3::BooleanValue(true),
                        ns3::MakeBooleanAccessor(&TcpCubicLinux::restarts_when_idle_),
                        ns3::MakeBooleanChecker())
          .AddAttribute(
              "AppLimitedDecay", "when an unused window decays", ns3::EnumValue(decay_linux),
              ns3::MakeEnumAccessor(&TcpCubicLinux::decay_),
              ns3::MakeEnumChecker(decay_off, "off", decay_linux, "linux", decay_rfc2861, "rfc2861"));
  return id;
}

Ptr<ns3::TcpCongestionOps> TcpCubicLinux::Fork() {
  const Ptr<TcpCubicLinux> copy = ns3::CopyObject<TcpCubicLinux>(this);
  copy->estimator_ = nullptr;  // each connection has its own
  return copy;
}

Time TcpCubicLinux::rto() const {
  const Time variation = std::max<Time>(ns3::MilliSeconds(1), 4 * estimator_->GetVariation());
  return std::max<Time>(estimator_->GetEstimate() + variation, min_rto_);
}

// Linux holds the window in congestion avoidance too; doing so here made runs with loss 13-34 % slower than
// the kernel, so the rule is applied to slow start only.
void TcpCubicLinux::IncreaseWindow(Ptr<TcpSocketState> tcb, std::uint32_t segments_acked) {
  const std::uint32_t segment = tcb->m_segmentSize;
  std::uint32_t in_flight = static_cast<std::uint32_t>(tcb->m_highTxMark.Get() - tcb->m_lastAckedSeq) +
                            segments_acked * segment;         // as it was when this ack set out
  in_flight = (in_flight + segment - 1) / segment * segment;  // Linux counts segments, however small
  const bool limited = in_flight + tcb->m_segmentSize > tcb->m_cWnd;
  if (tcb->m_lastAckedSeq >= round_end_ || limited || (!window_limited_ && in_flight > most_in_flight_)) {
    window_limited_ = limited;
    most_in_flight_ = in_flight;
    round_end_ = tcb->m_highTxMark.Get();
  }
  validate(tcb, in_flight);
  const bool slow_start = tcb->m_cWnd < tcb->m_ssThresh;
  if (!slow_start || window_limited_ || tcb->m_cWnd < 2 * most_in_flight_)
    TcpCubic::IncreaseWindow(tcb, segments_acked);
  if (decay_ == decay_linux) validated_ = Simulator::Now();  // tcp_cong_avoid
}

// tcp_cwnd_validate. Linux asks after each transmission; the first acknowledgement of a burst still sees all
// of it in flight.
void TcpCubicLinux::validate(Ptr<TcpSocketState> tcb, std::uint32_t in_flight) {
  const Time now = Simulator::Now();
  const bool slow_start = tcb->m_cWnd < tcb->m_ssThresh;
  if (window_limited_ || (slow_start && tcb->m_cWnd < 2 * most_in_flight_)) {
    used_ = 0;
    validated_ = now;
    return;
  }
  used_ = std::max(used_, in_flight);
  if (decay_ == decay_linux && !restarts_when_idle_) return;  // one sysctl rules both
  if (decay_ == decay_off || !estimator_ || now - validated_ < rto()) return;
  validated_ = now;
  if (tcb->m_congState != TcpSocketState::CA_OPEN) return;
  const std::uint32_t used = std::max(used_, initial_window(tcb));
  if (used < tcb->m_cWnd) {
    remember_window(tcb);
    tcb->m_cWnd = (tcb->m_cWnd + used) / 2;
  }
  used_ = 0;
}

void TcpCubicLinux::PktsAcked(Ptr<TcpSocketState> tcb, std::uint32_t segments_acked, const Time& rtt) {
  if (rtt.IsStrictlyPositive()) {
    if (!estimator_) {
      ns3::ObjectFactory factory;
      factory.SetTypeId(estimator_type_);
      estimator_ = factory.Create<ns3::RttEstimator>();
    }
    estimator_->Measurement(rtt);
    last_sent_ = Simulator::Now() - rtt;
  }
  TcpCubic::PktsAcked(tcb, segments_acked, rtt);
}

void TcpCubicLinux::CwndEvent(Ptr<TcpSocketState> tcb, const TcpSocketState::TcpCAEvent_t event) {
  if (event == TcpSocketState::CA_EVENT_TX_START && estimator_) {
    const Time idle = Simulator::Now() - last_sent_;
    if (restarts_when_idle_ && idle > rto())
      restart_after(tcb, idle);
    else
      validate(tcb, 0);
  }
  TcpCubic::CwndEvent(tcb, event);
}

// tcp_cwnd_restart: halved once per RTO of silence.
void TcpCubicLinux::restart_after(Ptr<TcpSocketState> tcb, Time idle) {
  remember_window(tcb);
  const std::uint32_t window = tcb->m_cWnd, floor = std::min(initial_window(tcb), window);
  std::uint32_t restarted = window;
  while ((idle -= rto()).IsStrictlyPositive() && restarted > floor) restarted /= 2;
  tcb->m_cWnd = std::max(restarted, floor);
  validated_ = Simulator::Now();
  used_ = 0;
}

}  // namespace splitwan::netsim::sim
