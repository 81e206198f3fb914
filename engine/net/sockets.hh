// The engine over real connections: Boost.Asio, TCP_NODELAY, a reader and a writer thread for each so that
// send never waits and arrivals are stamped when they come, not when somebody looks.
#pragma once

#include <utility>  // Boost 1.74 Asio forgets it

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "engine/net/stream.hh"
#include "engine/party/transport.hh"

namespace splitwan::engine {

using boost::asio::ip::tcp;

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  bool is_loopback() const;  // resolves to loopback addresses only
};
// HOST:PORT, [IPV6]:PORT. Throws Error.
Endpoint parse_endpoint(const std::string&);

// Throws Error naming the endpoint and the reason when nobody answers within `patience`.
tcp::socket connect(boost::asio::io_context&, const Endpoint&, Nanos patience = std::chrono::seconds(10));
tcp::acceptor listen(boost::asio::io_context&, const Endpoint&);
// Both set cubic, which the simulator models, before the handshake: a socket that some kernels' default, bbr,
// has begun stays paced.

std::unique_ptr<Stream> make_tcp_stream(tcp::socket);

// Steady wall time; runs jobs where they are called.
class WallClock : public Clock {
 public:
  Nanos now() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
  void work(const Work&, const std::function<void()>& job) override { job(); }
};

// Every end answers pings at once, whatever its party does. One that asks sends them itself: when all that it
// asked has been answered, so that nothing of its own is under way, and at most ten a second. None while
// the connection rests, or TCP would not see that it does (slow start after idle).
enum class Probes : std::uint8_t { answered, asked };

class SocketTransport : public Transport {
 public:
  explicit SocketTransport(Clock&);
  ~SocketTransport() override;  // sends what is queued, then closes

  // `name` is for errors: "server 10.0.0.2:7000". `probes`: see Probes.
  void add(PartyId peer, std::string name, std::unique_ptr<Stream>, const Limits&,
           Probes probes = Probes::answered);
  // From here on who waits for anybody hears of a peer that has gone: once, as an error message of its own.
  void tell_of_departures() { tells_of_departures_ = true; }
  void send(PartyId to, Message) override;  // into a lost connection: nothing; recv then throws
  std::optional<Arrival> recv(PartyId from, Nanos deadline) override;

 private:
  struct Inbox;
  class Connection;
  Clock& clock_;
  bool tells_of_departures_ = false;
  std::unique_ptr<Inbox> inbox_;
  std::map<PartyId, std::unique_ptr<Connection>> peers_;
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
