// One connection's bytes, both ways, however they are carried: TCP, a Unix socket, or TLS over them.
// Asynchronous: calls and handlers are on the executor, which is one strand; one read and one write may be
// under way at the same time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "engine/net/open_socket.hh"
#include "engine/net/tcp_info.hh"

namespace splitwan::engine {

class Stream {
 public:
  // `why`: empty when it went well, else a few words: "closed by the peer".
  using Ready = std::function<void(const std::string& why)>;
  using Moved = std::function<void(const std::string& why, std::size_t bytes)>;  // at least 1

  virtual ~Stream() = default;
  virtual boost::asio::any_io_executor executor() = 0;
  virtual void open(Ready) = 0;  // once, before anything else: a handshake where there is one
  virtual void read_some(boost::asio::mutable_buffer, Moved) = 0;
  virtual void write_some(boost::asio::const_buffer, Moved) = 0;
  virtual void end_writing() = 0;  // the peer reads what was written, then the end; reading goes on
  virtual void cancel() = 0;       // ends both ways; handlers under way are called with a reason
  virtual TcpInfo info() { return {}; }
  virtual const std::string& peer() const = 0;
  // How it is protected, for logs and traces: "none", "Unix socket", "TLS 1.3, peer laptop". After open().
  virtual std::string protection() const = 0;
  // Whether the peer has proved to be this one. Nobody proves anything over a plain connection.
  virtual bool may_be(const std::string& /*name*/) const { return true; }
};

enum class Side : std::uint8_t { caller, called };
// How connections of a program are carried. The executor is a strand of the stream's own.
using MakeStream = std::function<std::unique_ptr<Stream>(boost::asio::any_io_executor, OpenSocket, Side)>;

// As it is.
std::unique_ptr<Stream> make_plain_stream(boost::asio::any_io_executor, OpenSocket, Side = Side::caller);

}  // namespace splitwan::engine
