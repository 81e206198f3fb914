// The server's inside. All of it belongs to the thread of run(), but for what is said to be of others.
#pragma once

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_map>

#include "engine/net/sockets.hh"
#include "engine/serve/door.hh"
#include "engine/serve/greeting.hh"
#include "engine/serve/refusal_log.hh"
#include "engine/serve/server.hh"
#include "engine/serve/session.hh"

namespace splitwan::engine {

constexpr std::size_t most_words = 300;  // of a client, in a line of the log

struct Server::Body {
  Body(const Endpoint&, const Served&, ServerTerms, MakeStream, ServerWatch&);
  ~Body();

  // Its life: server.cc.
  void run();
  void drain();
  void stop();
  void tick();
  void end_when_empty();
  void publish();
  template <typename... Args>
  void tell(Level, fmt::format_string<Args...>, Args&&...) noexcept;  // a line of the log, if there is memory
  template <typename Job>
  void guarded(Admission::Id visit, Job&& job);  // what it throws ends that visit, and nothing else

  // Connections: server_visits.cc.
  void called(OpenSocket);
  void heard(Visit&, Arrival);
  void gone(Admission::Id, const std::string& why);
  void refuse(Visit&, Refusal, std::string_view words = {});
  void part(Visit&);  // says no more to it than what is on its way

  // Greetings: server_greetings.cc.
  void greet(Visit&, Message hello, Nanos at);
  std::optional<Refusal> seat(Visit&);
  bool make_room(const std::string& source);
  bool resume_warm(Visit&, const Greeting&);
  void begin(Visit&, Greeting, Nanos at);
  void welcome(Session&, const Done&);

  // Requests and replies: server_requests.cc.
  void asked(Session&, Arrival);
  void measure(Session&, const Arrival&);
  void collect();
  void done(Done&);
  void reply(Session&, const Message&);
  void hear_again(Session&);

  // Sessions: server_sessions.cc.
  Session& add(Visit&, std::string key);
  void attach(Session&, Visit&);
  void detach(Session&);  // its connection is lost
  void keep(Session&);    // without one, or ends it
  void forget_key(Session&);
  void end(SessionId, Ending);
  void keep_house(Nanos now);
  void keep_few();
  void keep_memory();
  void keep_queues();
  Session* newest_of_fullest(std::uint64_t (Session::*bytes)() const);

  const ServerTerms terms;
  const Limits limits;  // of what is served
  const MakeStream make;
  ServerWatch& watch;
  RefusalLog refusals;

  boost::asio::io_context io{1};
  boost::asio::steady_timer timer{io};
  bool ticking = false;
  WallClock clock;
  Admission admission;
  Door door;
  std::map<SessionId, Session> sessions;
  std::unordered_map<std::string, SessionId> keys;
  std::map<Admission::Id, std::unique_ptr<Visit>> visits;
  Admission::Id last_visit = 0;
  SessionId last_session = 0;
  std::uint64_t queued = 0, caches = 0;  // bytes of all requests that wait, and of all caches
  Bytes noise;                           // for those who measure
  int attached = 0;                      // sessions with a connection
  bool draining = false;
  Nanos end_by = no_deadline;

  mutable std::mutex mutex;
  ServerState state;  // under it: for any thread
  std::optional<Computer> computer;
};

template <typename... Args>
void Server::Body::tell(Level level, fmt::format_string<Args...> format, Args&&... args) noexcept {
  try {
    watch.log(level, fmt::format(format, std::forward<Args>(args)...));
  } catch (const std::exception&) {
    watch.log(level, "out of memory for a line of the log");
  }
}

template <typename Job>
void Server::Body::guarded(Admission::Id id, Job&& job) {
  try {
    job();
  } catch (const std::exception& e) {
    watch.log(Level::error, e.what());
    const auto visit = visits.find(id);
    if (visit != visits.end()) {
      // What came may be counted and not done: a session that is kept would wait for it for ever.
      if (visit->second->session) forget_key(*visit->second->session);
      visit->second->channel->cut();
    }
  }
  publish();
}

}  // namespace splitwan::engine
