// One TCP connection inside ns-3: a's socket, b's, and a stream each way.
#pragma once

#include <ns3/callback.h>
#include <ns3/ipv4-address.h>
#include <ns3/node.h>
#include <ns3/socket.h>

#include <cstdint>
#include <functional>

#include "netsim/ns3/sim/stream.hh"

namespace splitwan::netsim::sim {

struct Place {
  ns3::Ptr<ns3::Node> node;
  ns3::Ipv4Address address;
};

struct Connection {
  Stream forward, backward;
  ns3::Ptr<ns3::Socket> at_a, listener, at_b;

  Connection(std::uint32_t initial_window_bytes, const Stream::Deliver& deliver)
      : forward(initial_window_bytes, deliver), backward(initial_window_bytes, deliver) {}
  Stream& stream(bool is_forward) { return is_forward ? forward : backward; }
  bool has(const ns3::Ptr<ns3::Socket>& socket) const { return socket == at_a || socket == at_b; }

  // `established` is called for each end; `gave_up` with the socket whose TCP ended or never stood.
  void open(const Place& a, const Place& b, std::uint16_t port, const std::function<void()>& established,
            const ns3::Callback<void, ns3::Ptr<ns3::Socket>>& gave_up);
};

}  // namespace splitwan::netsim::sim
