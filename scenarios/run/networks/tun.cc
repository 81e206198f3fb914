// The kernel's own TCP: two parties in two network namespaces joined by the TUN delay line, in real time.
// Work is waited for as long as it is said to cost, so that client, server and link do not want the same
// cores.

#include <thread>

#include "engine/net/sockets.hh"
#include "engine/party/roles.hh"
#include "netsim/kernel/delay_line.hh"
#include "netsim/kernel/emulated_link.hh"
#include "scenarios/run/networks/networks.hh"

namespace splitwan::scenarios {
namespace {

using engine::PartyId;
using engine::seconds;
using engine::roles::client;
using engine::roles::server;

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

void take_part(PartyId self, engine::OpenSocket socket, const engine::PartyMain& main,
               netsim::CostSource cost) {
  WaitingClock clock(self, std::move(cost));
  engine::SocketTransport transport(clock);
  transport.add(self == client ? server : client, self == client ? "server" : "client", std::move(socket),
                {.probes = self == client ? engine::Probes::asked : engine::Probes::answered},
                self == client ? engine::Side::caller : engine::Side::called);
  main(transport, clock);
}

Json counted(const netsim::LinkCounts& c) {
  return {{"packets", c.packets}, {"bytes", c.bytes}, {"queue_drops", c.queue_drops}, {"lost", c.lost}};
}

class TunNetwork : public RunNetwork {
 public:
  explicit TunNetwork(const NetworkOrder& order)
      : choice_(order.choice), seed_(order.seed), costs_{order.cost(), order.cost()} {}

  void run(const std::map<PartyId, engine::PartyMain>& parties) override {
    netsim::EmulatedLink link({choice_.up, choice_.down}, seed_);
    std::optional<engine::Listener> listener;
    link.server().run([&] { listener.emplace(engine::Endpoint{netsim::server_ip, port}); });
    link.run(
        [&] {
          netsim::become_realtime(netsim::end_priority);
          take_part(client, engine::connect({netsim::server_ip, port}), parties.at(client),
                    std::move(costs_[client]));
        },
        [&] {
          netsim::become_realtime(netsim::end_priority);
          take_part(server, *listener->accept(), parties.at(server), std::move(costs_[server]));
        });
    const netsim::LinkReport report = link.report();
    totals_ = {{"lateness_mean_s", seconds(report.lateness.mean)},
               {"lateness_p99_s", seconds(report.lateness.p99)},
               {"realtime", report.realtime},
               {"up", counted(report.up)},
               {"down", counted(report.down)}};
  }

  Json totals() override { return totals_; }

 private:
  NetworkChoice choice_;
  std::uint64_t seed_;
  netsim::CostSource costs_[2];  // client, server: they run at the same time
  Json totals_;
};

}  // namespace

std::unique_ptr<RunNetwork> make_tun_network(const NetworkOrder& order) {
  return std::make_unique<TunNetwork>(order);
}

}  // namespace splitwan::scenarios
