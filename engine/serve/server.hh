// The untrusted side for many clients: who is taken, who waits, what is kept, how it ends. Connections are
// channels on one thread; what they ask for is computed together on another.
#pragma once

#include <memory>

#include "engine/net/sockets.hh"
#include "engine/serve/served.hh"
#include "engine/serve/watch.hh"

namespace splitwan::engine {

struct ServerTerms {
  int sessions = 256;   // with a client connected, at one time
  int per_source = 64;  // of them from one address; loopback and Unix sockets count as one source each
  int strangers =
      128;  // connections that have not said hello yet; then the newest of the fullest source goes
  int per_source_strangers = 16;
  Nanos idle = std::chrono::minutes(5);   // a session that asks nothing for so long ends
  Nanos keep = std::chrono::minutes(10);  // a session whose connection was lost is kept for its client
  std::uint64_t memory = std::uint64_t{2} << 30;  // caches and kept replies of all; then idle ones go, the
                                                  // least recently used first: their clients resume cold
  int queued_requests = 64;                       // of one session, not answered yet
  std::uint64_t queued_bytes = std::uint64_t{256}
                               << 20;  // of all of them, payloads that are still coming included
  std::uint64_t kept_replies = std::uint64_t{64} << 20;  // of one session, until they are acknowledged
  int batch_rows = 256;                                  // that go through the layers together
  int slice_rows = 32;                                   // of one session in one call, as long as others wait
  Nanos drain = std::chrono::seconds(30);  // told to end: for sessions under way to come to theirs
  ChannelTerms channel = {};
};

class Server {
 public:
  // Listens from here on. What it serves and who watches must outlive it. Throws Error.
  Server(const Endpoint&, const Served&, ServerTerms, MakeStream = make_plain_stream,
         ServerWatch& = nobody_watches());
  ~Server();

  const Endpoint& address() const;
  ServerState state() const;  // from any thread

  void run();    // until it has ended
  void drain();  // any thread: takes nobody new; ends when all sessions have, or after terms.drain
  void end();    // any thread: at once

  static ServerWatch& nobody_watches();

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace splitwan::engine
