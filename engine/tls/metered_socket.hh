// A socket below an ssl::stream that tells how long what lies above it works: the time between socket calls.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <chrono>

#include "engine/base/types.hh"

namespace splitwan::engine {

class MeteredSocket {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using lowest_layer_type = Socket;
  using executor_type = Socket::executor_type;

  explicit MeteredSocket(Socket socket) : socket_(std::move(socket)) {}
  Socket& lowest_layer() { return socket_; }
  const Socket& lowest_layer() const { return socket_; }
  executor_type get_executor() { return socket_.get_executor(); }

  void begin() { began_ = now(); }
  void end() {
    if (began_ != Nanos{}) spent_ += now() - std::exchange(began_, Nanos{});
  }
  Nanos spent() const { return spent_; }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    end();
    socket_.async_read_some(buffers, resumed(std::forward<Handler>(handler)));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    end();
    socket_.async_write_some(buffers, resumed(std::forward<Handler>(handler)));
  }

 private:
  template <typename Handler>
  auto resumed(Handler&& handler) {
    return [this, handler = std::forward<Handler>(handler)](const boost::system::error_code& error,
                                                            std::size_t bytes) mutable {
      begin();
      handler(error, bytes);
    };
  }
  static Nanos now() { return std::chrono::steady_clock::now().time_since_epoch(); }

  Socket socket_;
  Nanos began_{}, spent_{};
};

}  // namespace splitwan::engine
