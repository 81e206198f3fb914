#include "netsim/ns3/sim/prr.hh"

#include <ns3/tcp-socket-state.h>

#include <algorithm>

namespace splitwan::netsim::sim {

NS_OBJECT_ENSURE_REGISTERED(Prr);

ns3::TypeId Prr::GetTypeId() {
  static const ns3::TypeId type =
      ns3::TypeId("splitwan::Prr").SetParent<ns3::TcpRecoveryOps>().AddConstructor<Prr>();
  return type;
}

ns3::Ptr<ns3::TcpRecoveryOps> Prr::Fork() { return ns3::CopyObject<Prr>(this); }

void Prr::EnterRecovery(ns3::Ptr<ns3::TcpSocketState> tcb, std::uint32_t, std::uint32_t unacknowledged,
                        std::uint32_t delivered) {
  delivered_ = out_ = 0;
  in_flight_ = unacknowledged;
  DoRecovery(tcb, delivered);
}

void Prr::DoRecovery(ns3::Ptr<ns3::TcpSocketState> tcb, std::uint32_t delivered) {
  delivered_ += delivered;
  const std::int64_t threshold = tcb->m_ssThresh, under_way = tcb->m_bytesInFlight,
                     segment = tcb->m_segmentSize;
  std::int64_t room;
  if (under_way > threshold) {
    room = (delivered_ * threshold + in_flight_ - 1) / in_flight_ - out_;
  } else {
    std::int64_t limit = delivered;
    if (tcb->m_isRetransDataAcked) limit = std::max<std::int64_t>(delivered_ - out_, delivered) + segment;
    room = std::min(limit, threshold - under_way);
  }
  room = std::max(room, out_ > 0 ? 0 : segment);  // the first always goes
  tcb->m_cWnd = static_cast<std::uint32_t>(under_way + room);
  tcb->m_cWndInfl = tcb->m_cWnd;
}

void Prr::ExitRecovery(ns3::Ptr<ns3::TcpSocketState> tcb) {
  tcb->m_cWnd = tcb->m_ssThresh.Get();
  tcb->m_cWndInfl = tcb->m_cWnd;
}

}  // namespace splitwan::netsim::sim
