// Other people's split sessions on one edge's link: TCP connections of their own in closed loops, their
// packets in the same queues as ours.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "netsim/ns3/sim/connection.hh"
#include "netsim/ns3/sim/spec.hh"

namespace splitwan::netsim::sim {

class Others {
 public:
  Others(const Edge& edge, std::uint32_t initial_window_bytes)
      : edge_(edge), initial_window_bytes_(initial_window_bytes) {}
  Others(const Others&) = delete;  // callbacks hold its address

  // One more connection.
  void open(const Place& client, const Place& server, const std::function<void()>& established,
            const ns3::Callback<void, ns3::Ptr<ns3::Socket>>& gave_up);
  // Time 0 is now. Stream: which edge it is, for chance.
  void begin(std::uint64_t seed, std::uint64_t stream);

  const Edge& edge() const { return edge_; }
  bool has(const ns3::Ptr<ns3::Socket>& socket) const;

 private:
  void delivered(Connection& session, const Delivered& message) const;

  const Edge& edge_;
  std::uint32_t initial_window_bytes_;
  std::vector<std::unique_ptr<Connection>> connections_;  // from the client's node to the server's
};

}  // namespace splitwan::netsim::sim
