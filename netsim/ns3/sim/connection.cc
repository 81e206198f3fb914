#include "netsim/ns3/sim/connection.hh"

#include <ns3/inet-socket-address.h>
#include <ns3/tcp-socket-factory.h>

namespace splitwan::netsim::sim {

using ns3::Address;
using ns3::InetSocketAddress;
using ns3::Ptr;
using ns3::Socket;

void Connection::open(const Place& a, const Place& b, std::uint16_t port,
                      const std::function<void()>& established,
                      const ns3::Callback<void, Ptr<Socket>>& gave_up) {
  const auto tcp = ns3::TcpSocketFactory::GetTypeId();
  const auto stands = [=](Ptr<Socket> socket) {
    socket->SetCloseCallbacks(gave_up, gave_up);
    established();
  };

  listener = Socket::CreateSocket(b.node, tcp);
  listener->Bind(InetSocketAddress(b.address, port));
  listener->Listen();
  listener->SetAcceptCallback(
      ns3::MakeNullCallback<bool, Ptr<Socket>, const Address&>(),
      ns3::Callback<void, Ptr<Socket>, const Address&>([=](Ptr<Socket> socket, const Address&) {
        at_b = socket;
        backward.set_sender(socket);
        forward.set_receiver(socket);
        stands(socket);
      }));

  at_a = Socket::CreateSocket(a.node, tcp);
  forward.set_sender(at_a);
  backward.set_receiver(at_a);
  at_a->SetConnectCallback(ns3::Callback<void, Ptr<Socket>>(stands), gave_up);
  at_a->Bind(InetSocketAddress(a.address, 0));
  at_a->Connect(InetSocketAddress(b.address, port));
}

}  // namespace splitwan::netsim::sim
