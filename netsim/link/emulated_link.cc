#include "netsim/link/emulated_link.hh"

#include <future>

namespace splitwan::netsim {

EmulatedLink::EmulatedLink(const LinkPair& pair, std::uint64_t seed) {
  File client = open_interface(client_, {"wan", Layer::ip, kClientAddress, pair.up.mtu});
  File server = open_interface(server_, {"wan", Layer::ip, kServerAddress, pair.down.mtu});
  line_ = std::make_unique<DelayLine>(std::move(client), std::move(server), pair, seed);
}

void EmulatedLink::run(const std::function<void()>& client, const std::function<void()>& server) const {
  auto served = std::async(std::launch::async, [&] { server_.run(server); });
  client_.run(client);
  served.get();
}

}  // namespace splitwan::netsim
