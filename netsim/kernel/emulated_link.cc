#include "netsim/kernel/emulated_link.hh"

#include <algorithm>
#include <future>

#include "netsim/kernel/delay_line.hh"
#include "netsim/kernel/ns3_link.hh"

namespace splitwan::netsim {
namespace {

// 0 in a spec asks for the usual size; the model takes it for no limit.
LinkSpec with_queue(LinkSpec spec, LinkTime rtt) {
  const auto resolve = [rtt](LinkState& link) {
    if (link.queue_bytes != 0 || link.bits_per_second == 0) return;
    const double bytes = link.bits_per_second / 8 * std::chrono::duration<double>(rtt).count();
    link.queue_bytes = std::max<std::uint64_t>(64 << 10, static_cast<std::uint64_t>(bytes));
  };
  resolve(spec);
  for (LinkChange& change : spec.schedule) resolve(change.link);
  return spec;
}

}  // namespace

std::span<const LinkEngineRow> link_engines() {
  static constexpr LinkEngineRow rows[] = {
      {"tun", "our delay line", std::chrono::microseconds(100)},
      {"ns3", "ns-3 in real time, to 100 Mbit/s", std::chrono::microseconds(500)}};
  return rows;
}

EmulatedLink::EmulatedLink(LinkPair pair, std::uint64_t seed, LinkEngine engine) {
  const LinkTime rtt = pair.up.delay + pair.down.delay;
  pair = {with_queue(pair.up, rtt), with_queue(pair.down, rtt)};
  if (engine == LinkEngine::ns3) {
    line_ = std::make_unique<Ns3Link>(client_, server_, pair, seed);
    return;
  }
  File client = open_interface(client_, {"wan", Layer::ip, client_ip, pair.up.mtu});
  File server = open_interface(server_, {"wan", Layer::ip, server_ip, pair.down.mtu});
  line_ = std::make_unique<DelayLine>(std::move(client), std::move(server), pair, seed);
}

void EmulatedLink::run(const std::function<void()>& client, const std::function<void()>& server) const {
  auto served = std::async(std::launch::async, [&] { server_.run(server); });
  client_.run(client);
  served.get();
}

}  // namespace splitwan::netsim
