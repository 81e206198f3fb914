#include "netsim/sim/topology.hh"

#include <ns3/drop-tail-queue.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-static-routing-helper.h>
#include <ns3/ipv4.h>
#include <ns3/mac48-address.h>
#include <ns3/node-container.h>
#include <ns3/point-to-point-channel.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <array>

namespace splitwan::netsim::sim {

using ns3::CreateObject;
using ns3::Packet;
using ns3::PointToPointNetDevice;
using ns3::Ptr;
using ns3::Simulator;
using ns3::Time;

// ns-3's channel has one delay for both directions.
class TwoWayChannel : public ns3::PointToPointChannel {
 public:
  void set_delay(bool forward, Time delay) { ways_[forward ? 0 : 1].delay = delay; }

  bool TransmitStart(Ptr<const Packet> packet, Ptr<PointToPointNetDevice> source,
                     Time transmission) override {
    const std::uint32_t wire = source == GetSource(0) ? 0 : 1;
    Way& way = ways_[wire];
    // A delay that has just been shortened must not let packets overtake: a link is a queue.
    way.last_arrival = std::max(way.last_arrival, Simulator::Now() + transmission + way.delay);
    const Ptr<PointToPointNetDevice> to = GetDestination(wire);
    Simulator::ScheduleWithContext(to->GetNode()->GetId(), way.last_arrival - Simulator::Now(),
                                   &PointToPointNetDevice::Receive, to, packet->Copy());
    return true;
  }

 private:
  struct Way {
    Time delay, last_arrival;
  };
  std::array<Way, 2> ways_;  // 0 is forward: the device attached first sends on it
};

Wire::Wire(Ptr<PointToPointNetDevice> from, Ptr<PointToPointNetDevice> to, std::int64_t stream)
    : from_(from), to_(to), loss_(CreateObject<ns3::RateErrorModel>()) {
  queue_ = CreateObject<ns3::DropTailQueue<Packet>>();
  from_->SetQueue(queue_);
  loss_->SetUnit(ns3::RateErrorModel::ERROR_UNIT_PACKET);
  loss_->AssignStreams(stream);
  // A mesh hung when the last packet of a handshake was lost and its sender stayed silent: no loss before
  // time 0.
  loss_->Disable();
  to_->SetReceiveErrorModel(loss_);
  to_->TraceConnectWithoutContext("PhyRxDrop", ns3::MakeCallback(&Wire::count_loss, this));
}

void Wire::apply(const Link& link, std::int64_t rtt_ns) {
  from_->SetDataRate(ns3::DataRate(link.bits_per_second));
  from_->SetMtu(static_cast<std::uint16_t>(link.mtu));
  queue_->SetMaxSize(ns3::QueueSize(ns3::BYTES, static_cast<std::uint32_t>(queue_bytes(link, rtt_ns))));
  loss_->SetRate(link.loss);
}

void Wire::reset_counts() {
  queue_->ResetStatistics();
  lost_ = 0;
}

WireCounts Wire::counts() const {
  return {queue_->GetTotalReceivedPackets(), queue_->GetTotalDroppedPackets(), lost_};
}

Topology::Topology(const Spec& spec) {
  ns3::NodeContainer nodes;
  nodes.Create(spec.parties());
  ns3::InternetStackHelper internet;
  internet.SetRoutingHelper(ns3::Ipv4StaticRoutingHelper());  // every connection stays on its own edge
  internet.SetIpv6StackInstall(false);
  internet.Install(nodes);
  nodes_.assign(nodes.Begin(), nodes.End());
  for (const Edge& edge : spec.edges) add_edge(edge);
  internet.AssignStreams(nodes, 2 * static_cast<std::int64_t>(spec.edges.size()));  // behind the wires' own
}

Topology::~Topology() = default;

void Topology::add_edge(const Edge& edge) {
  const std::size_t index = edges_.size();
  edges_.push_back(edge);
  const Ptr<TwoWayChannel> channel = channels_.emplace_back(CreateObject<TwoWayChannel>());
  std::array<Ptr<PointToPointNetDevice>, 2> devices;
  for (const bool at_a : {true, false}) {
    const Ptr<PointToPointNetDevice> device = CreateObject<PointToPointNetDevice>();
    device->SetAddress(ns3::Mac48Address::Allocate());
    nodes_[at_a ? edge.a : edge.b]->AddDevice(device);
    devices[at_a ? 0 : 1] = device;
  }
  for (const bool forward : {true, false}) {
    wires_.push_back(
        std::make_unique<Wire>(devices[forward ? 0 : 1], devices[forward ? 1 : 0], wires_.size()));
    apply(index, forward, edge.link(forward));
  }
  for (const bool at_a : {true, false}) {
    const Ptr<PointToPointNetDevice> device = devices[at_a ? 0 : 1];
    device->Attach(channel);
    // Not by Ipv4AddressHelper: it would install FqCoDel in front of the device.
    const Ptr<ns3::Ipv4> ip = device->GetNode()->GetObject<ns3::Ipv4>();
    const std::uint32_t interface = ip->AddInterface(device);
    ip->AddAddress(interface, ns3::Ipv4InterfaceAddress(address(index, at_a), ns3::Ipv4Mask("/30")));
    ip->SetMetric(interface, 1);
    ip->SetUp(interface);
  }
}

// Each edge is a network of its own, 10.0.0.0/30 and up.
ns3::Ipv4Address Topology::address(std::size_t edge, bool at_a) const {
  return ns3::Ipv4Address((10u << 24) + static_cast<std::uint32_t>(edge) * 4 + (at_a ? 1 : 2));
}

void Topology::apply(std::size_t edge, bool forward, const Link& link) {
  (forward ? edges_[edge].forward : edges_[edge].backward) = link;
  wire(edge, forward).apply(link, edges_[edge].rtt_ns());
  channels_[edge]->set_delay(forward, ns3::NanoSeconds(link.delay_ns));
}

void Topology::start_of_time() {
  for (auto& wire : wires_) {
    wire->enable_loss();
    wire->reset_counts();
  }
}

}  // namespace splitwan::netsim::sim
