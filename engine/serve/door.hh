// Where callers come in. Nothing that the system refuses keeps it shut for long.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "engine/net/open_socket.hh"
#include "engine/serve/watch.hh"

namespace splitwan::engine {

class Door {
 public:
  using Called = std::function<void(OpenSocket)>;
  Door(boost::asio::any_io_executor, const Endpoint&, ServerWatch&, Called);  // listens. Throws Error
  ~Door();

  void open();   // begins to take callers, and goes on after whatever stopped it
  void close();  // and listens no longer
  const Endpoint& address() const { return here_; }

 private:
  void wait();
  void take();
  void rest(Nanos);
  void turn_away();

  ServerWatch& watch_;
  const Called called_;
  std::optional<Listener> listener_;
  const Endpoint here_;
  boost::asio::posix::stream_descriptor readable_;
  boost::asio::steady_timer timer_;
  int spare_;  // a descriptor for when there are none: to turn callers away with
  bool waiting_ = false;
};

}  // namespace splitwan::engine
