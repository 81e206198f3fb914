// The untrusted side for many clients: who is taken, who waits, what is kept, how it ends. Connections are
// channels on one thread; what they ask for is computed together on another. README has the protocol.
#pragma once

#include <memory>

#include "engine/net/channel.hh"
#include "engine/serve/admission.hh"
#include "engine/serve/served.hh"
#include "engine/serve/turns.hh"
#include "engine/serve/watch.hh"

namespace splitwan::engine {

struct ServerTerms {
  Seats seats = {};
  Nanos idle = std::chrono::minutes(5);   // a session that asks nothing for so long ends
  Nanos keep = std::chrono::minutes(10);  // a session whose connection was lost is kept for its client
  // Caches, kept replies and what clients have not read yet, of all. Then caches of idle sessions go, the
  // least recently used first: their clients resume cold. Then sessions, the newest of the fullest source
  // first.
  std::uint64_t memory = std::uint64_t{2} << 30;
  int queued_requests = 64;  // of one session: then it is not read from
  // Of all sessions, requests that wait or are still coming: at half of it those who have some waiting are
  // not read from, at all of it the newest session of the fullest source ends.
  std::uint64_t queued_bytes = std::uint64_t{256} << 20;
  std::uint64_t kept_replies = std::uint64_t{64} << 20;  // of one session, until they are acknowledged
  std::uint64_t unread = std::uint64_t{1} << 20;  // a session with so much to be sent is not computed for
  TurnTerms turns = {};
  Nanos drain = std::chrono::seconds(30);  // told to end: for sessions under way to come to theirs
  std::function<bool(std::string_view token)> admits = {};  // empty: nobody is asked for a token
  std::function<void()> prepare =
      {};                     // first thing on the computing thread: how many threads it may use, say
  ChannelTerms channel = {};  // its limits are what is served's
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
  boost::asio::any_io_executor executor();  // of run()'s thread: for signals

  static ServerWatch& nobody_watches();

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace splitwan::engine
