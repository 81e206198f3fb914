#include "scenarios/run/replay_link.hh"

#include <boost/asio/io_context.hpp>
#include <thread>

#include "engine/net/sockets.hh"
#include "netsim/kernel/delay_line.hh"
#include "netsim/kernel/emulated_link.hh"

namespace splitwan::scenarios {
namespace {

using engine::PartyId;
using engine::seconds;

constexpr PartyId client = 0, server = 1;
constexpr std::uint16_t port = 7420;  // in a namespace of its own
constexpr auto oversleep =
    std::chrono::microseconds(60);  // of a sleep with real-time priority: what is left is spun

// Wall time; a job takes what the cost source says, in waiting.
class WaitingClock : public engine::Clock {
 public:
  WaitingClock(PartyId self, netsim::CostSource cost) : self_(self), cost_(std::move(cost)) {}
  Nanos now() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
  void work(const engine::Work& what, const std::function<void()>& job) override {
    const Nanos begin = now();
    job();
    const Nanos end = begin + cost_(self_, what, now() - begin);
    if (end - now() > oversleep) std::this_thread::sleep_for(end - now() - oversleep);
    while (now() < end) {
    }
  }

 private:
  PartyId self_;
  netsim::CostSource cost_;
};

void take_part(PartyId self, engine::tcp::socket socket, const engine::PartyMain& main,
               netsim::CostSource cost) {
  WaitingClock clock(self, std::move(cost));
  engine::SocketTransport transport(clock);
  transport.add(self == client ? server : client, self == client ? "server" : "client", std::move(socket),
                {});
  main(transport, clock);
}

Json counted(const netsim::LinkCounts& c) {
  return {{"packets", c.packets}, {"bytes", c.bytes}, {"queue_drops", c.queue_drops}, {"lost", c.lost}};
}

}  // namespace

Json run_over_link(const NetworkChoice& n, std::uint64_t seed,
                   const std::map<PartyId, engine::PartyMain>& parties,
                   std::map<PartyId, netsim::CostSource> costs) {
  netsim::EmulatedLink link({n.up, n.down}, seed);
  boost::asio::io_context io_client, io_server;
  std::optional<engine::tcp::acceptor> acceptor;
  link.server().run([&] { acceptor = engine::listen(io_server, {netsim::kServerAddress, port}); });
  link.run(
      [&] {
        netsim::become_realtime(netsim::kEndPriority);
        take_part(client, engine::connect(io_client, {netsim::kServerAddress, port}), parties.at(client),
                  std::move(costs[client]));
      },
      [&] {
        netsim::become_realtime(netsim::kEndPriority);
        take_part(server, acceptor->accept(), parties.at(server), std::move(costs[server]));
      });
  const netsim::LinkReport report = link.report();
  return {{"lateness_mean_s", seconds(report.lateness.mean)},
          {"lateness_p99_s", seconds(report.lateness.p99)},
          {"realtime", report.realtime},
          {"up", counted(report.up)},
          {"down", counted(report.down)}};
}

}  // namespace splitwan::scenarios
