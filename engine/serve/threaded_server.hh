// The untrusted side for many clients: accepts connections and gives each a session.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <list>
#include <thread>

#include "engine/net/sockets.hh"
#include "engine/split/forward.hh"

namespace splitwan::engine {

struct ThreadedOptions {
  int sessions = 16;                              // at one time; who comes then is told so
  int threads = 1;                                // that a session computes with
  ServeOptions each = {std::chrono::minutes(5)};  // a session that asks nothing for so long ends
  std::function<void(const std::string&)> log = [](const std::string&) {};  // a line, from any thread
};

class ThreadedServer {
 public:
  // Answers one client until it leaves; throws Error when something goes wrong.
  using Serve = std::function<void(Party&, PartyId client, const ServeOptions&)>;

  // Listens from here on. What it serves must outlive it. Throws Error.
  ThreadedServer(const Endpoint&, const ModelConfig&, Serve, ThreadedOptions = {});
  ThreadedServer(const Endpoint&, const ModelConfig&, const LayerStack& middle, ThreadedOptions = {});
  ~ThreadedServer();

  const Endpoint& address() const { return listener_.address(); }
  int active() const { return active_; }  // sessions under way
  // For what else may end the wait in run(): signals.
  boost::asio::io_context& io() { return io_; }

  void run();  // takes sessions until end() is called; returns when those under way have ended
  void end();  // from any thread

 private:
  struct Session {
    std::thread thread;
    std::atomic<bool> over = false;
  };
  void begin_session(OpenSocket);
  void session(OpenSocket, int number, bool admitted) const;

  const ModelConfig& config_;
  Serve serve_;
  ThreadedOptions options_;
  boost::asio::io_context io_;
  Listener listener_;
  std::atomic<bool> ending_ = false;
  std::list<Session> sessions_;
  std::atomic<int> active_ = 0;
  int count_ = 0;
};

}  // namespace splitwan::engine
