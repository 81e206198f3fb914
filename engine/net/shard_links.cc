#include "engine/net/shard_links.hh"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <set>
#include <thread>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

using Steady = std::chrono::steady_clock;
constexpr auto greeting_limit = std::chrono::seconds(2);

bool readable(int socket, std::optional<Nanos> within) {
  pollfd wanted{socket, POLLIN, 0};
  const int limit = within ? static_cast<int>(std::max<std::int64_t>(0, within->count() / 1'000'000)) : -1;
  return ::poll(&wanted, 1, limit) > 0;
}

// Until a whole prefix can be read without waiting; false when it does not come in time, or the peer has
// gone.
bool has_prefix(int socket, Nanos within) {
  const auto until = Steady::now() + within;
  Prefix prefix;
  while (true) {
    const auto bytes = ::recv(socket, prefix.data(), prefix.size(), MSG_PEEK | MSG_DONTWAIT);
    if (bytes == static_cast<ssize_t>(prefix.size())) break;
    if (bytes == 0 || Steady::now() > until) return false;
    if (bytes < 0 && !readable(socket, until - Steady::now())) return false;
    if (bytes > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  pollfd wanted{socket, POLLRDHUP, 0};
  return ::poll(&wanted, 1, 0) == 0 || (wanted.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0;
}

// Who calls: a hello with the caller's number as its context, before anything else.
Message introduction(PartyId self) {
  Message m;
  m.header.kind = Kind::hello;
  m.header.context = self;
  return m;
}

// Of somebody who is none of ours, or has gone: nothing.
std::optional<PartyId> introduced(Stream& stream, int socket) {
  if (!has_prefix(socket, greeting_limit)) return {};
  try {
    Prefix prefix;
    read_all(stream, prefix);
    Header h;
    const Sizes sizes = read_prefix(prefix, {.rows = 1, .payload = 1, .first_payload = 1}, h);
    if (h.kind != Kind::hello || sizes.payload > 0 || sizes.lists > 0) return {};
    return h.context;
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

void join(SocketTransport& transport, boost::asio::io_context& io, PartyId self, const ShardLinks& links,
          tcp::acceptor* acceptor) {
  const auto name = [&](PartyId id) { return name_of(links.sharding.party(id)); };
  std::set<PartyId> callers, called;
  for (const auto& [a, b] : links.sharding.pairs()) {
    if (b == self) callers.insert(a);
    if (a == self) called.insert(b);
  }
  std::optional<Steady::time_point> deadline;
  while (!callers.empty()) {
    const auto left = deadline ? std::optional<Nanos>(*deadline - Steady::now()) : std::nullopt;
    if (!acceptor || !readable(acceptor->native_handle(), left))
      throw Error("{}: did not call {} within {} s", name(*callers.begin()), name(self),
                  links.patience.count() / 1e9);
    tcp::socket socket = acceptor->accept();
    const int handle = socket.native_handle();
    auto stream = make_tcp_stream(std::move(socket));
    const auto who = introduced(*stream, handle);
    if (!who || callers.erase(*who) == 0) continue;
    const std::string peer = fmt::format("{} {}", name(*who), stream->peer());
    transport.add(*who, peer, std::move(stream), links.limits);
    deadline = Steady::now() + links.patience;
  }
  for (const PartyId id : called) {
    const auto until = Steady::now() + links.patience;
    while (true) {
      try {
        auto stream = make_tcp_stream(
            connect(io, links.addresses.at(id), std::min<Nanos>(links.patience, std::chrono::seconds(10))));
        write_all(*stream, encode(introduction(self)));
        const std::string peer = fmt::format("{} {}", name(id), stream->peer());
        transport.add(id, peer, std::move(stream), links.limits);
        break;
      } catch (const Error& e) {
        if (Steady::now() > until) throw Error("{}: {}", name(id), e.what());
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
      }
    }
  }
}

}  // namespace splitwan::engine
