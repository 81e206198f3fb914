#include "netsim/ns3/sim/topology.hh"

#include <ns3/drop-tail-queue.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-static-routing-helper.h>
#include <ns3/ipv4.h>
#include <ns3/mac48-address.h>
#include <ns3/point-to-point-helper.h>
#include <ns3/simulator.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace splitwan::netsim::sim {

using ns3::CreateObject;
using ns3::PointToPointNetDevice;
using ns3::Ptr;

namespace {

// A pass-through: so fast that sending takes 0 ns, with a queue that holds whatever comes within one instant.
Ptr<PointToPointNetDevice> make_device(std::uint32_t mtu) {
  auto device = CreateObject<PointToPointNetDevice>();
  device->SetAddress(ns3::Mac48Address::Allocate());
  device->SetDataRate(ns3::DataRate(INT64_MAX));  // ns-3 computes with 64 bits and a sign
  device->SetMtu(static_cast<std::uint16_t>(mtu));
  const auto queue = CreateObject<ns3::DropTailQueue<ns3::Packet>>();
  queue->SetMaxSize(ns3::QueueSize(ns3::PACKETS, UINT32_MAX));
  device->SetQueue(queue);
  return device;
}

}  // namespace

Topology::Topology(const Spec& spec) {
  ns3::InternetStackHelper internet;
  internet.SetRoutingHelper(ns3::Ipv4StaticRoutingHelper());  // every connection stays on its own edge
  internet.SetIpv6StackInstall(false);
  std::int64_t streams = 0;
  const auto make_nodes = [&](std::uint32_t count) {
    ns3::NodeContainer nodes;
    nodes.Create(count);
    internet.Install(nodes);
    streams += internet.AssignStreams(nodes, streams);
    return nodes;
  };
  const ns3::NodeContainer parties = make_nodes(spec.parties());
  nodes_.assign(parties.Begin(), parties.End());
  for (const Edge& edge : spec.edges) {
    const std::size_t index = links_.size();
    const auto model = [&](bool forward) {
      return LinkModel(as_built(edge.link(forward), spec.fault), spec.seed, 2 * index + (forward ? 0 : 1));
    };
    auto ways = std::make_shared<TwoWayChannel::Ways>(TwoWayChannel::Ways{model(true), model(false)});
    links_.push_back(join({nodes_[edge.a], nodes_[edge.b]}, edge, index, std::move(ways), own_net));
  }
  for (std::size_t index = 0; index < links_.size(); ++index) {
    const Edge& edge = spec.edges[index];
    if (edge.sessions.count == 0) continue;
    const ns3::NodeContainer ends = make_nodes(2);
    others_[index] = join({ends.Get(0), ends.Get(1)}, edge, index, links_[index].channel->ways(), others_net);
  }
}

Topology::Link Topology::join(const Ends& ends, const Edge& edge, std::size_t index,
                              std::shared_ptr<TwoWayChannel::Ways> ways, std::uint32_t net) {
  Link link{CreateObject<TwoWayChannel>(std::move(ways)),
            {make_device(edge.forward.mtu), make_device(edge.backward.mtu)}};
  for (const bool at_a : {true, false}) {
    const Ptr<PointToPointNetDevice> device = link.devices[at_a ? 0 : 1];
    ends[at_a ? 0 : 1]->AddDevice(device);
    device->Attach(link.channel);
    // Not by Ipv4AddressHelper: it would install FqCoDel in front of the device.
    const Ptr<ns3::Ipv4> ip = device->GetNode()->GetObject<ns3::Ipv4>();
    const std::uint32_t interface = ip->AddInterface(device);
    const ns3::Ipv4Address address = place_on(link, index, at_a, net).address;
    ip->AddAddress(interface, ns3::Ipv4InterfaceAddress(address, ns3::Ipv4Mask("/30")));
    ip->SetMetric(interface, 1);
    ip->SetUp(interface);
  }
  return link;
}

Place Topology::place_on(const Link& link, std::size_t edge, bool at_a, std::uint32_t net) {
  const std::uint32_t address = (net << 24) + static_cast<std::uint32_t>(edge) * 4 + (at_a ? 1 : 2);
  return {link.devices[at_a ? 0 : 1]->GetNode(), ns3::Ipv4Address(address)};
}

void Topology::capture(const Spec& spec) {
  if (spec.pcap.empty()) return;
  for (std::size_t index = 0; index < links_.size(); ++index)
    for (const bool at_a : {true, false}) {
      const Edge& edge = spec.edges[index];
      const std::string path = spec.pcap + "-edge" + std::to_string(edge.listed) + "-party" +
                               std::to_string(at_a ? edge.a : edge.b) + ".pcap";
      if (!std::ofstream(path))  // ns-3 would end the program
        throw std::runtime_error("open: pcap: expected a path that can be written, found \"" + path + "\"");
      ns3::PointToPointHelper().EnablePcap(path, device(index, at_a), true, true);
    }
}

void Topology::start_of_time() {
  const LinkTime now(ns3::Simulator::Now().GetNanoSeconds());
  for (const Link& link : links_) {
    for (const bool forward : {true, false}) link.channel->way(forward).start(now, true);
    link.channel->start_counting();
  }
}

}  // namespace splitwan::netsim::sim
