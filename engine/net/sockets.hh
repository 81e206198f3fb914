// The engine over real connections: a transport's own thread drives its channels, so that send never waits
// and arrivals are stamped when they come, not when somebody looks.
#pragma once

#include <memory>
#include <set>

#include "engine/net/channel.hh"
#include "engine/party/transport.hh"

namespace splitwan::engine {

// Steady wall time; runs jobs where they are called.
class WallClock : public Clock {
 public:
  Nanos now() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
  void work(const Work&, const std::function<void()>& job) override { job(); }
};

class SocketTransport : public Transport {
 public:
  explicit SocketTransport(Clock&, MakeStream = make_plain_stream);
  ~SocketTransport() override;  // sends what is queued, then closes

  // `name` is for errors: "server 10.0.0.2:7000". What is sent before a handshake is over waits for it.
  void add(PartyId peer, std::string name, OpenSocket, const ChannelTerms& = {}, Side = Side::caller);
  // Ends the connection with a peer, if there is one, and forgets what it sent: another may be added.
  void drop(PartyId peer);

  // Peers that call themselves and say who they are, by a hello with their number as its context and nothing
  // else. Anybody else who calls is dropped, without keeping others waiting.
  struct Callers {
    std::set<PartyId> expected;
    std::function<std::string(PartyId, const std::string& address)> name;
    std::function<std::string(PartyId)> proves;  // what each must prove to be, where sides prove anything
    std::function<void(const std::string& line)> turned_away = {};  // who was dropped and why; must not throw
  };
  void expect_calls(Callers, const ChannelTerms&);
  void called(OpenSocket);
  // Waits until all expected have called, or until the deadline. Returns who has not.
  std::set<PartyId> missing(Nanos deadline);

  // From here on who waits for anybody hears of a peer that has gone: once, as an error message of its own.
  void tell_of_departures();
  void send(PartyId to, Message) override;  // into a lost connection: nothing; recv then throws
  std::optional<Arrival> recv(PartyId from, Nanos deadline) override;
  // How the connection with a peer is protected: "TLS 1.3, ...". "" as long as it is not open.
  std::string protection(PartyId) const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  MakeStream make_;
};

// All parties in this process, joined over loopback TCP: every two of them, or these pairs.
class SocketNetwork : public Network {
 public:
  explicit SocketNetwork(std::vector<std::pair<PartyId, PartyId>> pairs = {}) : pairs_(std::move(pairs)) {}
  void run(const std::map<PartyId, PartyMain>& parties) override;

 private:
  std::vector<std::pair<PartyId, PartyId>> pairs_;
};

}  // namespace splitwan::engine
