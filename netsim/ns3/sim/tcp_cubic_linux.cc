#include "netsim/ns3/sim/tcp_cubic_linux.hh"

#include <ns3/boolean.h>
#include <ns3/enum.h>
#include <ns3/object-factory.h>
#include <ns3/simulator.h>

#include <algorithm>

#include "netsim/ns3/sim/rtt_linux.hh"

namespace splitwan::netsim::sim {

using ns3::Ptr;
using ns3::SequenceNumber32;
using ns3::Simulator;
using ns3::TcpSocketState;
using ns3::Time;

NS_OBJECT_ENSURE_REGISTERED(TcpCubicLinux);

namespace {

constexpr double offload_bytes = 65'216;  // sk_gso_max_size: 64 KiB without room for headers

// tcp_current_ssthresh: what the window was is remembered, so that slow start leads back to it.
void remember_window(Ptr<TcpSocketState> tcb) {
  const std::uint32_t window = tcb->GetCwndInSegments();
  tcb->m_ssThresh = std::max<std::uint32_t>(tcb->m_ssThresh, (window / 2 + window / 4) * tcb->m_segmentSize);
}

}  // namespace

ns3::TypeId TcpCubicLinux::GetTypeId() {
  static ns3::TypeId id =
      ns3::TypeId("splitwan::TcpCubicLinux")
          .SetParent<ns3::TcpCongestionOps>()
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
  Ptr<TcpCubicLinux> copy = ns3::CopyObject<TcpCubicLinux>(this);
  copy->estimator_ = nullptr;  // each connection has its own
  copy->tcb_ = nullptr;
  return copy;
}

std::uint32_t TcpCubicLinux::GetSsThresh(Ptr<const TcpSocketState> tcb, std::uint32_t) {
  return curve_.threshold_after_loss(tcb->GetCwndInSegments()) * tcb->m_segmentSize;
}

void TcpCubicLinux::CongestionStateSet(Ptr<TcpSocketState> tcb, const TcpSocketState::TcpCongState_t state) {
  if (state == TcpSocketState::CA_RECOVERY || state == TcpSocketState::CA_LOSS)
    retransmitted_to_ = tcb->m_highTxMark;
  if (state != TcpSocketState::CA_LOSS) return;
  curve_.forget();
  hystart_.forget();
}

// cubictcp_cong_avoid, tcp_slow_start, tcp_cong_avoid_ai. Linux counts packets, however small.
void TcpCubicLinux::IncreaseWindow(Ptr<TcpSocketState> tcb, std::uint32_t) {
  const Time now = Simulator::Now();
  if (decay_ == decay_linux) validated_ = now;  // tcp_cong_avoid
  if (!tcb_ || !uses_window()) return;
  const std::uint32_t segment = tcb->m_segmentSize;
  std::uint32_t acked = (tcb->m_lastAckedSackedBytes + segment - 1) / segment;
  if (tcb->m_cWnd < tcb->m_ssThresh) {
    const std::uint32_t room = (tcb->m_ssThresh - tcb->m_cWnd + segment - 1) / segment;
    const std::uint32_t grown = std::min(acked, room);
    tcb->m_cWnd = std::min<std::uint32_t>(tcb->m_cWnd + grown * segment, tcb->m_ssThresh);
    acked -= grown;
    if (acked == 0) return;
  }
  const std::uint32_t needed =
      curve_.acks_per_segment(tcb->GetCwndInSegments(), acked, now, hystart_.least_rtt());
  if (credit_ >= needed) {  // earned when growth was slower
    credit_ = 0;
    tcb->m_cWnd += segment;
  }
  credit_ += acked;
  tcb->m_cWnd += credit_ / needed * segment;
  credit_ %= needed;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): ns-3 says how it calls
void TcpCubicLinux::on_sent(SequenceNumber32, SequenceNumber32 end) {
  const Time now = Simulator::Now();
  if (now != burst_.at) settle_burst();
  burst_ = {true, now, tcb_->m_lastAckedSeq, tcb_->GetCwndInSegments()};
  sent_.push_back({end, now});
  last_sent_ = now;
}

// tcp_cwnd_validate, which Linux asks after each transmission. ns-3 does not say when one is over; nothing
// reads the answer before the next thing happens.
void TcpCubicLinux::settle_burst() {
  if (!burst_.open) return;
  burst_.open = false;
  const auto out = static_cast<std::uint32_t>(sent_.size());
  const bool limited = out >= burst_.window;
  if (burst_.acked >= round_end_ || limited || (!window_limited_ && out > most_out_)) {
    window_limited_ = limited;
    most_out_ = out;
    round_end_ = sent_.back().end;
  }
  validate(out, burst_.at);
}

// tcp_is_cwnd_limited: in slow start the window may become twice what was used.
bool TcpCubicLinux::uses_window() const {
  return window_limited_ || (tcb_->m_cWnd < tcb_->m_ssThresh && tcb_->GetCwndInSegments() < 2 * most_out_);
}

void TcpCubicLinux::validate(std::uint32_t out, Time now) {
  if (uses_window()) {
    used_ = 0;
    validated_ = now;
    return;
  }
  used_ = std::max(used_, out);
  if (decay_ == decay_linux && !restarts_when_idle_) return;  // one sysctl rules both
  if (decay_ == decay_off || !estimator_ || now - validated_ < rto()) return;
  validated_ = now;
  if (tcb_->m_congState != TcpSocketState::CA_OPEN) return;
  const std::uint32_t window = tcb_->GetCwndInSegments(), used = std::max(used_, tcb_->m_initialCWnd);
  if (used < window) {
    remember_window(tcb_);
    tcb_->m_cWnd = (window + used) / 2 * tcb_->m_segmentSize;
  }
  used_ = 0;
}

void TcpCubicLinux::PktsAcked(Ptr<TcpSocketState>, std::uint32_t, const Time& by_timestamp) {
  if (!tcb_) return;
  settle_burst();
  const Time rtt = sample(by_timestamp);
  if (!rtt.IsStrictlyPositive()) return;
  if (!estimator_) {
    ns3::ObjectFactory factory;
    factory.SetTypeId(estimator_type_);
    estimator_ = factory.Create<ns3::RttEstimator>();
  }
  estimator_->Measurement(rtt);
  look_for_the_knee(rtt);
}

// By the last segment acknowledged. ns-3's samples are whole milliseconds and serve only where a segment may
// have been sent twice. Zero: there is none.
Time TcpCubicLinux::sample(const Time& by_timestamp) {
  const Time now = Simulator::Now();
  Time rtt, sent_twice;
  for (; !sent_.empty() && sent_.front().end <= tcb_->m_lastAckedSeq; sent_.pop_front())
    (sent_.front().end > retransmitted_to_ ? rtt : sent_twice) = now - sent_.front().at;
  if (rtt.IsStrictlyPositive() || sent_twice.IsZero()) return rtt;
  last_sent_ = std::max<Time>(last_sent_, now - by_timestamp);
  return by_timestamp;
}

// cubictcp_acked
void TcpCubicLinux::look_for_the_knee(Time rtt) {
  const Time now = Simulator::Now();
  if (curve_.began_within(ns3::Seconds(1), now)) return;
  hystart_.see(rtt);
  if (tcb_->m_cWnd >= tcb_->m_ssThresh) return;
  const bool doubles = tcb_->m_cWnd < tcb_->m_ssThresh / 2;  // tcp_update_pacing_rate
  const double bytes_per_s = (doubles ? 2 : 1.2) * tcb_->m_cWnd / estimator_->GetEstimate().GetSeconds();
  const Time burst = ns3::Seconds(std::min(1e-3, 4 * offload_bytes / bytes_per_s));
  if (hystart_.ends_slow_start(
          {now, rtt, tcb_->m_lastAckedSeq, tcb_->m_highTxMark, tcb_->GetCwndInSegments(), burst}))
    tcb_->m_ssThresh = tcb_->m_cWnd.Get();
}

void TcpCubicLinux::CwndEvent(Ptr<TcpSocketState> tcb, const TcpSocketState::TcpCAEvent_t event) {
  if (event != TcpSocketState::CA_EVENT_TX_START) return;
  if (!tcb_) {
    tcb_ = tcb;
    tcb->m_highTxMark.ConnectWithoutContext(ns3::MakeCallback(&TcpCubicLinux::on_sent, this));
  }
  settle_burst();
  if (!estimator_) return;
  const Time now = Simulator::Now(), idle = now - last_sent_;
  if (restarts_when_idle_ && idle > rto()) restart_after(idle);
  curve_.pause(idle, now);
}

Time TcpCubicLinux::rto() const {
  const Time variation = std::max<Time>(ns3::MilliSeconds(1), 4 * estimator_->GetVariation());
  return std::max<Time>(estimator_->GetEstimate() + variation, min_rto_);
}

// tcp_cwnd_restart: halved once per RTO of silence.
void TcpCubicLinux::restart_after(Time idle) {
  remember_window(tcb_);
  std::uint32_t window = tcb_->GetCwndInSegments();
  const std::uint32_t floor = std::min(tcb_->m_initialCWnd, window);
  while ((idle -= rto()).IsStrictlyPositive() && window > floor) window /= 2;
  tcb_->m_cWnd = std::max(window, floor) * tcb_->m_segmentSize;
  validated_ = Simulator::Now();
  used_ = 0;
}

}  // namespace splitwan::netsim::sim
