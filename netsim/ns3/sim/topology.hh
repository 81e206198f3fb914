// The nodes and links of a spec inside ns-3: one node per party, one point-to-point link per edge, no queue
// but LinkModel's, every random stream numbered.
#pragma once

#include <ns3/ipv4-address.h>
#include <ns3/node.h>
#include <ns3/point-to-point-net-device.h>

#include <array>
#include <cstdint>
#include <vector>

#include "netsim/ns3/sim/channel.hh"
#include "netsim/ns3/sim/spec.hh"

namespace splitwan::netsim::sim {

class Topology {
 public:
  explicit Topology(const Spec& spec);
  Topology(const Topology&) = delete;

  ns3::Ptr<ns3::Node> node(std::uint32_t party) const { return nodes_[party]; }
  ns3::Ipv4Address address(std::size_t edge, bool at_a) const;
  ns3::Ptr<ns3::PointToPointNetDevice> device(std::size_t edge, bool at_a) const {
    return links_[edge].devices[at_a ? 0 : 1];
  }
  LinkModel& link(std::size_t edge, bool forward) { return links_[edge].channel->way(forward); }
  const LinkModel& link(std::size_t edge, bool forward) const { return links_[edge].channel->way(forward); }

  void capture(const Spec& spec);  // each device's packets, as it sends and receives them, in a pcap file
  void start_of_time();            // from here on packets are lost and counted, and schedules run

 private:
  struct Link {
    ns3::Ptr<TwoWayChannel> channel;
    std::array<ns3::Ptr<ns3::PointToPointNetDevice>, 2> devices;  // a's and b's
  };
  Link make_link(const Edge& edge, std::size_t index, const Spec& spec) const;

  std::vector<ns3::Ptr<ns3::Node>> nodes_;
  std::vector<Link> links_;
};

}  // namespace splitwan::netsim::sim
