// ns-3's point-to-point link with ours in its place: the device hands each packet over at once, LinkModel
// says when it arrives, if it does.
#pragma once

#include <ns3/point-to-point-channel.h>

#include <array>

#include "engine/base/link_law.hh"

namespace splitwan::netsim::sim {

class TwoWayChannel : public ns3::PointToPointChannel {
 public:
  TwoWayChannel(LinkModel forward, LinkModel backward);

  LinkModel& way(bool forward) { return ways_[forward ? 0 : 1]; }
  const LinkModel& way(bool forward) const { return ways_[forward ? 0 : 1]; }

  bool TransmitStart(ns3::Ptr<const ns3::Packet> packet, ns3::Ptr<ns3::PointToPointNetDevice> source,
                     ns3::Time transmission) override;

 private:
  std::array<LinkModel, 2> ways_;  // the device attached first sends forward
};

}  // namespace splitwan::netsim::sim
