#include "netsim/sim/probe.hh"

#include <ns3/inet-socket-address.h>
#include <ns3/simulator.h>
#include <ns3/socket.h>
#include <ns3/udp-socket-factory.h>

#include <memory>
#include <stdexcept>

namespace splitwan::netsim::sim {
namespace {

using ns3::InetSocketAddress;
using ns3::MakeCallback;
using ns3::Ptr;
using ns3::Simulator;
using ns3::Socket;
using ns3::Time;

constexpr std::uint16_t kEchoPort = 7;
constexpr std::uint32_t kProbeBytes = 8;  // an ICMP echo's identifier and time would take as much

class Probe {
 public:
  Probe(const Edge& edge, std::size_t index, const Topology& topology) {
    const auto udp = ns3::UdpSocketFactory::GetTypeId();
    echo_ = Socket::CreateSocket(topology.node(edge.b), udp);
    echo_->Bind(InetSocketAddress(topology.address(index, false), kEchoPort));
    echo_->SetRecvCallback(MakeCallback(&Probe::answer, this));
    asker_ = Socket::CreateSocket(topology.node(edge.a), udp);
    asker_->Bind(InetSocketAddress(topology.address(index, true), 0));
    asker_->SetRecvCallback(MakeCallback(&Probe::measure, this));
    asker_->Connect(InetSocketAddress(topology.address(index, false), kEchoPort));
  }
  ~Probe() {
    asker_->Close();
    echo_->Close();
  }
  Probe(const Probe&) = delete;

  void ask() {
    asked_ = Simulator::Now();
    asker_->Send(ns3::Create<ns3::Packet>(kProbeBytes));
  }
  Time rtt() const { return rtt_; }  // zero until answered

 private:
  void answer(Ptr<Socket> socket) {
    ns3::Address from;
    while (const Ptr<ns3::Packet> packet = socket->RecvFrom(from)) socket->SendTo(packet, 0, from);
  }
  void measure(Ptr<Socket> socket) {
    while (socket->Recv()) rtt_ = Simulator::Now() - asked_;
  }

  Ptr<Socket> asker_, echo_;
  Time asked_, rtt_;
};

}  // namespace

std::vector<double> probe_rtts(const Spec& spec, const Topology& topology, Stepper& stepper, Time patience) {
  std::vector<std::unique_ptr<Probe>> probes;
  for (const Edge& edge : spec.edges) {
    probes.push_back(std::make_unique<Probe>(edge, probes.size(), topology));
    Simulator::ScheduleNow(&Probe::ask, probes.back().get());
  }
  stepper.run(Simulator::Now() + patience);

  std::vector<double> rtts;
  for (const auto& probe : probes) {
    if (probe->rtt().IsZero())
      throw std::runtime_error("open.edges[" + std::to_string(rtts.size()) + "]: expected an echo within " +
                               std::to_string(patience.GetSeconds()) + " s of virtual time, found none");
    rtts.push_back(probe->rtt().GetSeconds());
  }
  return rtts;
}

}  // namespace splitwan::netsim::sim
