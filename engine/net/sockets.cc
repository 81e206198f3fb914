#include "engine/net/sockets.hh"

#include <algorithm>
#include <boost/asio.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "engine/base/error.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::engine {
namespace {

namespace asio = boost::asio;

constexpr std::size_t most_waiting = 256u << 20;  // bytes received and not yet taken: then reading pauses

}  // namespace

// What the party's thread and the channels' thread know of each other.
struct SocketTransport::Shared : std::enable_shared_from_this<Shared> {
  struct Peer {
    std::string name;
    std::shared_ptr<Channel> channel;
    std::string gone = {};  // why
    bool over = false, opened = false, told = false, held = false;
    std::size_t waiting = 0;  // bytes of its messages in `arrivals`
  };

  explicit Shared(Clock& clock) : clock(clock) {}

  // Drives the channels; without them it waits for others.
  void start() {
    thread = std::thread([this] { io.run(); });
  }

  std::shared_ptr<Channel> channel(PartyId peer, const MakeStream& make, OpenSocket socket, Side side,
                                   const ChannelTerms& terms) {
    auto stream = make(asio::make_strand(io), std::move(socket), side);
    return std::make_shared<Channel>(peer, std::move(stream), terms, clock);
  }

  // Of the channel of this peer, or of one that came before it under the same number.
  Peer* current(PartyId id, const Channel* channel) {
    const auto found = peers.find(id);
    return found != peers.end() && found->second.channel.get() == channel ? &found->second : nullptr;
  }

  void keep(PartyId id, Channel* channel, Arrival arrival) {
    const std::lock_guard lock(mutex);
    Peer* peer = current(id, channel);
    if (!peer) return;
    arrival.from = id;
    peer->waiting += wire_size(arrival.message);
    arrivals.push_back(std::move(arrival));
    // A peer that asks faster than it is served is left to TCP's own back pressure.
    if (peer->waiting > most_waiting) {
      peer->held = true;
      channel->hold_reading(true);
    }
    changed.notify_all();
  }

  void lose(PartyId id, const Channel* channel, const std::string& why) {
    const std::lock_guard lock(mutex);
    if (Peer* peer = current(id, channel)) {
      peer->over = true;
      peer->gone = why;
    }
    changed.notify_all();
  }

  Channel::Events events_of(PartyId id, Channel* channel) {
    const std::weak_ptr<Shared> weak = weak_from_this();
    return {[weak, id, channel] {
              const auto self = weak.lock();
              if (!self) return;
              const std::lock_guard lock(self->mutex);
              if (Peer* peer = self->current(id, channel)) peer->opened = true;
            },
            [weak, id, channel](Arrival arrival) {
              if (const auto self = weak.lock()) self->keep(id, channel, std::move(arrival));
            },
            [weak, id, channel](const std::string& why) {
              if (const auto self = weak.lock()) self->lose(id, channel, why);
            }};
  }

  void turn_away(const Channel& channel, const std::string& why) {
    if (callers.turned_away) callers.turned_away(channel.peer() + ": " + why);
  }

  // A caller's first message: its own number, and nothing else.
  void introduced(const std::shared_ptr<Channel>& channel, const Arrival& arrival) {
    const Message& m = arrival.message;
    const PartyId id = m.header.context;
    const bool greets = m.header.kind == Kind::hello && wire_size(m) == prefix_size;
    std::unique_lock lock(mutex);
    strangers.remove(channel);
    const bool expected = greets && callers.expected.contains(id);
    if (!expected || !channel->may_be(callers.proves(id))) {
      turn_away(*channel,
                expected ? "does not prove to be " + callers.proves(id) : "is nobody who is expected");
      return channel->cut();
    }
    callers.expected.erase(id);
    Peer& peer = peers[id];
    peer = {callers.name(id, channel->peer()), channel};
    peer.opened = true;
    changed.notify_all();
  }

  Clock& clock;
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> busy{io.get_executor()};
  std::thread thread;

  std::mutex mutex;  // of what follows
  std::condition_variable changed;
  std::map<PartyId, Peer> peers;
  std::deque<Arrival> arrivals;
  bool tells_of_departures = false;
  Callers callers;  // that have not called yet
  ChannelTerms caller_terms;
  std::list<std::shared_ptr<Channel>> strangers;
};

SocketTransport::SocketTransport(Clock& clock, MakeStream make)
    : shared_(std::make_shared<Shared>(clock)), make_(std::move(make)) {
  shared_->start();
}

SocketTransport::~SocketTransport() {
  Shared& s = *shared_;
  {
    std::unique_lock lock(s.mutex);
    s.callers.turned_away = {};
    for (const auto& stranger : s.strangers) stranger->cut();
    for (auto& [id, peer] : s.peers) peer.channel->close();
    s.changed.wait(lock, [&] {  // each within its patience
      return std::ranges::all_of(s.peers, [](const auto& entry) { return entry.second.over; });
    });
  }
  s.busy.reset();
  s.io.stop();
  s.thread.join();
}

void SocketTransport::add(PartyId id, std::string name, OpenSocket socket, const ChannelTerms& terms,
                          Side side) {
  const auto channel = shared_->channel(id, make_, std::move(socket), side, terms);
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->peers[id] = {std::move(name), channel};
  }
  channel->start(shared_->events_of(id, channel.get()));
}

void SocketTransport::drop(PartyId id) {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->peers.find(id);
  if (found == shared_->peers.end()) return;
  found->second.channel->cut();
  shared_->peers.erase(found);
  std::erase_if(shared_->arrivals, [&](const Arrival& a) { return a.from == id; });
}

void SocketTransport::expect_calls(Callers callers, const ChannelTerms& terms) {
  const std::lock_guard lock(shared_->mutex);
  shared_->callers = std::move(callers);
  shared_->caller_terms = terms;
}

void SocketTransport::called(OpenSocket socket) {
  const auto channel =
      shared_->channel(any_party, make_, std::move(socket), Side::called, shared_->caller_terms);
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->strangers.push_back(channel);
  }
  // Who it is, once it has said so.
  const auto who = std::make_shared<std::optional<PartyId>>();
  const std::weak_ptr<Shared> weak = shared_;
  const std::weak_ptr<Channel> self = channel;
  channel->start({{},
                  [weak, self, who](Arrival arrival) {
                    const auto shared = weak.lock();
                    const auto here = self.lock();
                    if (!shared || !here) return;
                    if (*who) return shared->keep(**who, here.get(), std::move(arrival));
                    *who = arrival.message.header.context;
                    shared->introduced(here, arrival);
                  },
                  [weak, self, who](const std::string& why) {
                    const auto shared = weak.lock();
                    const auto here = self.lock();
                    if (!shared || !here) return;
                    if (*who) return shared->lose(**who, here.get(), why);
                    const std::lock_guard lock(shared->mutex);
                    shared->strangers.remove(here);
                    shared->turn_away(*here, why);
                  }});
}

std::set<PartyId> SocketTransport::missing(Nanos deadline) {
  std::unique_lock lock(shared_->mutex);
  while (!shared_->callers.expected.empty()) {
    if (deadline == no_deadline) {
      shared_->changed.wait(lock);
    } else {
      const Nanos left = deadline - shared_->clock.now();
      if (left <= Nanos(0)) break;
      shared_->changed.wait_for(lock, left);
    }
  }
  return shared_->callers.expected;
}

void SocketTransport::tell_of_departures() {
  const std::lock_guard lock(shared_->mutex);
  shared_->tells_of_departures = true;
}

std::string SocketTransport::protection(PartyId id) const {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->peers.find(id);
  return found != shared_->peers.end() && found->second.opened ? found->second.channel->protection() : "";
}

void SocketTransport::send(PartyId to, Message message) {
  std::shared_ptr<Channel> channel;
  {
    const std::lock_guard lock(shared_->mutex);
    const auto peer = shared_->peers.find(to);
    if (peer == shared_->peers.end()) throw Error("no connection to party {}", to);
    channel = peer->second.channel;
  }
  channel->send(message);
}

std::optional<Arrival> SocketTransport::recv(PartyId from, Nanos deadline) {
  Shared& s = *shared_;
  std::unique_lock lock(s.mutex);
  while (true) {
    const auto it = std::ranges::find_if(
        s.arrivals, [&](const Arrival& a) { return from == any_party || a.from == from; });
    if (it != s.arrivals.end()) {
      Arrival arrival = std::move(*it);
      s.arrivals.erase(it);
      if (const auto peer = s.peers.find(arrival.from); peer != s.peers.end()) {
        peer->second.waiting -= wire_size(arrival.message);
        if (peer->second.held && peer->second.waiting <= most_waiting) {
          peer->second.held = false;
          peer->second.channel->hold_reading(false);
        }
      }
      return arrival;
    }
    if (from == any_party && s.tells_of_departures) {
      for (auto& [id, peer] : s.peers) {
        if (!peer.over || std::exchange(peer.told, true)) continue;
        return Arrival{id, s.clock.now(), text_message(Kind::error, "connection lost: " + peer.gone)};
      }
    }
    const bool all_gone = std::ranges::all_of(s.peers, [](const auto& entry) { return entry.second.over; });
    const auto lost = from != any_party ? s.peers.find(from) : all_gone ? s.peers.begin() : s.peers.end();
    if (lost != s.peers.end() && lost->second.over) {
      const Shared::Peer& peer = lost->second;
      if (!peer.opened) throw Error("{}: {}", peer.name, peer.gone);
      throw Error("{}: connection lost: {}", peer.name, peer.gone);
    }
    if (deadline == no_deadline) {
      s.changed.wait(lock);
    } else {
      const Nanos left = deadline - s.clock.now();
      if (left <= Nanos(0)) return std::nullopt;
      s.changed.wait_for(lock, left);
    }
  }
}

}  // namespace splitwan::engine
