// ns-3's point-to-point link with ours in its place: the device hands each packet over at once, LinkModel
// says when it arrives, if it does.
#pragma once

#include <ns3/point-to-point-channel.h>

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "netsim/link/link_spec.hh"

namespace splitwan::netsim::sim {

class TwoWayChannel : public ns3::PointToPointChannel {
 public:
  using Ways = std::array<LinkModel, 2>;  // forward and backward
  struct Counts {                         // of packets
    std::uint64_t sent = 0, queue_drops = 0, lost = 0;
  };

  // Channels of the same ways are one link: their packets wait in the same queues.
  explicit TwoWayChannel(std::shared_ptr<Ways> ways) : ways_(std::move(ways)) {}

  LinkModel& way(bool forward) { return (*ways_)[forward ? 0 : 1]; }
  const LinkModel& way(bool forward) const { return (*ways_)[forward ? 0 : 1]; }
  const std::shared_ptr<Ways>& ways() const { return ways_; }

  void start_counting() { counts_ = {}; }
  const Counts& counts(bool forward) const { return counts_[forward ? 0 : 1]; }  // of its own devices

  bool TransmitStart(ns3::Ptr<const ns3::Packet> packet, ns3::Ptr<ns3::PointToPointNetDevice> source,
                     ns3::Time transmission) override;

 private:
  std::shared_ptr<Ways> ways_;  // the device attached first sends forward
  std::array<Counts, 2> counts_;
};

}  // namespace splitwan::netsim::sim
