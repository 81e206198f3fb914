#include "engine/net/shard_links.hh"

#include <thread>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

using Steady = std::chrono::steady_clock;
constexpr auto greeting_limit = std::chrono::seconds(2);  // who calls is a node, or it is nobody
constexpr auto short_while = std::chrono::milliseconds(20), long_while = std::chrono::milliseconds(500);

// Who calls: a hello with the caller's number as its context, before anything else.
Message introduction(PartyId self) {
  Message m;
  m.header.kind = Kind::hello;
  m.header.context = self;
  return m;
}

}  // namespace

std::string proved_name(const ShardParty& party) {
  std::string name = name_of(party);
  for (char& c : name)
    if (c == ':' || c == ',') c = '-';
  return name;
}

void join(SocketTransport& transport, PartyId self, const ShardLinks& links, Listener* listener) {
  const auto name = [sharding = links.sharding](PartyId id) { return name_of(sharding.party(id)); };
  std::set<PartyId> callers, called;
  for (const auto& [a, b] : links.sharding.pairs()) {
    if (b == self) callers.insert(a);
    if (a == self) called.insert(b);
  }
  const WallClock clock;
  const ChannelTerms terms{.limits = links.limits};
  ChannelTerms of_strangers = terms;
  of_strangers.greeting = greeting_limit;
  const auto proves = [sharding = links.sharding](PartyId id) { return proved_name(sharding.party(id)); };
  transport.expect_calls(
      {callers, [name](PartyId id, const std::string& address) { return name(id) + " " + address; }, proves,
       links.turned_away},
      of_strangers);
  std::optional<Steady::time_point> deadline;
  Steady::time_point last_call = Steady::now() - greeting_limit;
  for (std::size_t missing = callers.size(); missing > 0;) {
    if (!listener || (deadline && Steady::now() > *deadline))
      throw Error("{}: did not call {} within {} s", name(*callers.begin()), name(self),
                  links.patience.count() / 1e9);
    // Somebody who has called may just be saying who it is.
    const bool soon = Steady::now() - last_call < greeting_limit;
    if (auto socket = listener->accept(soon ? short_while : long_while)) {
      transport.called(std::move(*socket));
      last_call = Steady::now();
    }
    callers = transport.missing(clock.now());
    if (callers.size() < std::exchange(missing, callers.size())) deadline = Steady::now() + links.patience;
  }
  for (const PartyId id : called) {
    const auto until = Steady::now() + links.patience;
    while (true) {
      try {
        OpenSocket socket =
            connect(links.addresses.at(id), std::min<Nanos>(links.patience, std::chrono::seconds(10)));
        socket.expect_to_be(proves(id));
        std::string peer = fmt::format("{} {}", name(id), socket.peer());
        transport.add(id, std::move(peer), std::move(socket), terms);
        transport.send(id, introduction(self));
        break;
      } catch (const Error& e) {
        if (Steady::now() > until) throw Error("{}: {}", name(id), e.what());
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
      }
    }
  }
}

}  // namespace splitwan::engine
