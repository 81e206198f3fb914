// The nodes and links of a spec inside ns-3: one node per party, one point-to-point link per edge, no traffic
// control layer's queues, every random stream numbered.
#pragma once

#include <ns3/error-model.h>
#include <ns3/ipv4-address.h>
#include <ns3/node.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/queue.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "netsim/sim/spec.hh"

namespace splitwan::netsim::sim {

class TwoWayChannel;

struct WireCounts {
  std::uint64_t packets = 0;      // entered the queue, acknowledgements included
  std::uint64_t queue_drops = 0;  // found it full
  std::uint64_t lost = 0;         // by chance, on the way
};

// One direction of a link: the sending device with its queue, and the loss at the receiving one.
class Wire {
 public:
  Wire(ns3::Ptr<ns3::PointToPointNetDevice> from, ns3::Ptr<ns3::PointToPointNetDevice> to,
       std::int64_t stream);

  void apply(const Link& link, std::int64_t rtt_ns);
  void enable_loss() { loss_->Enable(); }
  void reset_counts();
  WireCounts counts() const;

 private:
  void count_loss(ns3::Ptr<const ns3::Packet>) { ++lost_; }

  ns3::Ptr<ns3::PointToPointNetDevice> from_, to_;
  ns3::Ptr<ns3::Queue<ns3::Packet>> queue_;
  ns3::Ptr<ns3::RateErrorModel> loss_;
  std::uint64_t lost_ = 0;
};

class Topology {
 public:
  explicit Topology(const Spec& spec);
  ~Topology();
  Topology(const Topology&) = delete;

  ns3::Ptr<ns3::Node> node(std::uint32_t party) const { return nodes_[party]; }
  ns3::Ipv4Address address(std::size_t edge, bool at_a) const;
  Wire& wire(std::size_t edge, bool forward) { return *wires_[2 * edge + (forward ? 0 : 1)]; }
  const Wire& wire(std::size_t edge, bool forward) const { return *wires_[2 * edge + (forward ? 0 : 1)]; }

  void apply(std::size_t edge, bool forward, const Link& link);
  void start_of_time();  // from here on packets are lost and counted

 private:
  void add_edge(const Edge& edge);

  std::vector<Edge> edges_;  // as they are now
  std::vector<ns3::Ptr<ns3::Node>> nodes_;
  std::vector<ns3::Ptr<TwoWayChannel>> channels_;
  std::vector<std::unique_ptr<Wire>>
      wires_;  // forward and backward of each edge in turn; callbacks point at them
};

}  // namespace splitwan::netsim::sim
