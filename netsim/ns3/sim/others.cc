#include "netsim/ns3/sim/others.hh"

#include <ns3/simulator.h>

#include <algorithm>

namespace splitwan::netsim::sim {
namespace {

constexpr std::uint16_t first_port = 5001;
constexpr std::uint64_t request = 0, reply = 1;  // messages' ids

ns3::Time after(LinkTime t) { return ns3::NanoSeconds(t.count()); }

}  // namespace

void Others::open(const Place& client, const Place& server, const std::function<void()>& established,
                  const ns3::Callback<void, ns3::Ptr<ns3::Socket>>& gave_up) {
  const std::size_t i = connections_.size();
  connections_.push_back(std::make_unique<Connection>(
      initial_window_bytes_, [this, i](const Delivered& message) { delivered(*connections_[i], message); }));
  connections_[i]->open(client, server, static_cast<std::uint16_t>(first_port + i), established, gave_up);
}

void Others::begin(std::uint64_t seed, std::uint64_t stream) {
  const auto moments = engine::first_requests(edge_.sessions, edge_.rtt(), seed, stream);
  for (std::size_t i = 0; i < connections_.size(); ++i)
    ns3::Simulator::Schedule(after(moments[i]), &Stream::send, &connections_[i]->forward, request,
                             edge_.sessions.up);
}

void Others::delivered(Connection& session, const Delivered& message) const {
  const OtherSessions& law = edge_.sessions;
  if (message.id == request)
    ns3::Simulator::Schedule(after(law.held), &Stream::send, &session.backward, reply, law.down);
  else
    ns3::Simulator::Schedule(after(law.pause), &Stream::send, &session.forward, request, law.up);
}

bool Others::has(const ns3::Ptr<ns3::Socket>& socket) const {
  return std::any_of(connections_.begin(), connections_.end(),
                     [&](const auto& connection) { return connection->has(socket); });
}

}  // namespace splitwan::netsim::sim
