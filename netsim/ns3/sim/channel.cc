#include "netsim/ns3/sim/channel.hh"

#include <ns3/node.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/simulator.h>

namespace splitwan::netsim::sim {

using ns3::PointToPointNetDevice;
using ns3::Ptr;
using ns3::Simulator;

bool TwoWayChannel::TransmitStart(Ptr<const ns3::Packet> packet, Ptr<PointToPointNetDevice> source,
                                  ns3::Time) {
  const std::uint32_t wire = source == GetSource(0) ? 0 : 1;
  const LinkTime now(Simulator::Now().GetNanoSeconds());
  const LinkModel::Fate fate = (*ways_)[wire].offer(now, packet->GetSize());
  Counts& counts = counts_[wire];
  const bool dropped = fate.end == LinkModel::Fate::queue_full;
  ++(dropped ? counts.queue_drops : counts.sent);
  if (fate.end == LinkModel::Fate::lost) ++counts.lost;
  if (fate.end != LinkModel::Fate::delivered) return true;  // to the device it is sent all the same
  const Ptr<PointToPointNetDevice> to = GetDestination(wire);
  Simulator::ScheduleWithContext(to->GetNode()->GetId(), ns3::NanoSeconds((fate.arrival - now).count()),
                                 &PointToPointNetDevice::Receive, to, packet->Copy());
  return true;
}

}  // namespace splitwan::netsim::sim
