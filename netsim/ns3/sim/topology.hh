// The nodes and links of a spec inside ns-3: one node per party, one point-to-point link per edge, no queue
// but LinkModel's, every random stream numbered. Other people's sessions have two nodes of their own on the
// link that they share.
#pragma once

#include <ns3/ipv4-address.h>
#include <ns3/node-container.h>
#include <ns3/node.h>
#include <ns3/point-to-point-net-device.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "netsim/ns3/sim/channel.hh"
#include "netsim/ns3/sim/connection.hh"
#include "netsim/ns3/sim/spec.hh"

namespace splitwan::netsim::sim {

class Topology {
 public:
  explicit Topology(const Spec& spec);
  Topology(const Topology&) = delete;

  Place place(std::size_t edge, bool at_a) const { return place_on(links_[edge], edge, at_a, own_net); }
  Place others_place(std::size_t edge, bool at_a) const {  // where the edge has sessions
    return place_on(others_.at(edge), edge, at_a, others_net);
  }
  ns3::Ptr<ns3::PointToPointNetDevice> device(std::size_t edge, bool at_a) const {
    return links_[edge].devices[at_a ? 0 : 1];
  }
  const TwoWayChannel& channel(std::size_t edge) const { return *links_[edge].channel; }
  LinkModel& link(std::size_t edge, bool forward) { return links_[edge].channel->way(forward); }
  const LinkModel& link(std::size_t edge, bool forward) const { return links_[edge].channel->way(forward); }

  void capture(const Spec& spec);  // each device's packets, as it sends and receives them, in a pcap file
  void start_of_time();            // from here on packets are lost and counted, and schedules run

 private:
  struct Link {
    ns3::Ptr<TwoWayChannel> channel;
    std::array<ns3::Ptr<ns3::PointToPointNetDevice>, 2> devices;  // a's and b's
  };
  // Each edge is a network of its own, 10.0.0.0/30 and up, and the others' on it 11.0.0.0/30 and up.
  static constexpr std::uint32_t own_net = 10, others_net = 11;
  using Ends = std::array<ns3::Ptr<ns3::Node>, 2>;
  static Link join(const Ends& ends, const Edge& edge, std::size_t index,
                   std::shared_ptr<TwoWayChannel::Ways> ways, std::uint32_t net);
  static Place place_on(const Link& link, std::size_t edge, bool at_a, std::uint32_t net);

  std::vector<ns3::Ptr<ns3::Node>> nodes_;
  std::vector<Link> links_;
  std::map<std::size_t, Link> others_;  // by edge
};

}  // namespace splitwan::netsim::sim
