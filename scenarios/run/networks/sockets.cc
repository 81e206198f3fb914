#include "engine/net/sockets.hh"

#include <boost/asio/io_context.hpp>

#include "engine/party/roles.hh"
#include "scenarios/run/networks/networks.hh"

namespace splitwan::scenarios {
namespace {

// Over a live connection only the client is ours.
class LiveServer : public RunNetwork {
 public:
  LiveServer(std::string address, const engine::Limits& answers)
      : address_(std::move(address)), answers_(answers) {}

  void run(const std::map<engine::PartyId, engine::PartyMain>& parties) override {
    using namespace engine::roles;
    boost::asio::io_context io;
    engine::WallClock clock;
    engine::SocketTransport transport(clock);
    const auto endpoint = engine::parse_endpoint(address_);
    transport.add(server, "server " + address_, engine::make_tcp_stream(engine::connect(io, endpoint)),
                  answers_, engine::Probes::asked);
    parties.at(client)(transport, clock);
  }

 private:
  std::string address_;
  engine::Limits answers_;
};

class Loopback : public RunNetwork {
 public:
  void run(const std::map<engine::PartyId, engine::PartyMain>& parties) override {
    engine::SocketNetwork().run(parties);
  }
};

}  // namespace

std::unique_ptr<RunNetwork> make_sockets_network(const NetworkOrder& order) {
  if (order.choice.server.empty()) return std::make_unique<Loopback>();
  return std::make_unique<LiveServer>(order.choice.server, order.answers);
}

}  // namespace splitwan::scenarios
