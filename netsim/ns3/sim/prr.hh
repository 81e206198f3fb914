// Proportional rate reduction (RFC 6937) as ns-3 has it, in 64 bits: ns-3 3.37 multiplies bytes delivered by
// the threshold in 32, which overflows above 64 KiB of each, and a sender that has lost little then falls
// silent.
#pragma once

#include <ns3/tcp-recovery-ops.h>

namespace splitwan::netsim::sim {

class Prr : public ns3::TcpRecoveryOps {
 public:
  static ns3::TypeId GetTypeId();
  std::string GetName() const override { return "Prr"; }
  void EnterRecovery(ns3::Ptr<ns3::TcpSocketState> tcb, std::uint32_t duplicates,
                     std::uint32_t unacknowledged, std::uint32_t delivered) override;
  void DoRecovery(ns3::Ptr<ns3::TcpSocketState> tcb, std::uint32_t delivered) override;
  void ExitRecovery(ns3::Ptr<ns3::TcpSocketState> tcb) override;
  void UpdateBytesSent(std::uint32_t bytes) override { out_ += bytes; }
  ns3::Ptr<ns3::TcpRecoveryOps> Fork() override;

 private:
  std::int64_t delivered_ = 0, out_ = 0, in_flight_ = 0;  // bytes; in flight: when it began
};

}  // namespace splitwan::netsim::sim
