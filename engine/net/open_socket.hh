// A connected stream socket, TCP or Unix, before anybody has said how its bytes are carried.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "engine/base/types.hh"

namespace splitwan::engine {

// Where somebody listens: HOST and a port, or the path of a Unix socket.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string path = {};
  bool is_unix() const { return !path.empty(); }
  bool is_loopback() const;  // a Unix socket, or a name that resolves to loopback addresses only
  std::string text() const;  // HOST:PORT, [IPV6]:PORT, unix:PATH
  bool operator==(const Endpoint&) const = default;
};
// As text() writes them. Throws Error.
Endpoint parse_endpoint(const std::string&);

// Owns the descriptor.
class OpenSocket {
 public:
  OpenSocket(int descriptor, std::string peer, std::string called = {})
      : descriptor_(descriptor), peer_(std::move(peer)), called_(std::move(called)) {}
  OpenSocket(OpenSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        peer_(std::move(other.peer_)),
        called_(std::move(other.called_)) {}
  OpenSocket& operator=(OpenSocket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(peer_, other.peer_);
    std::swap(called_, other.called_);
    return *this;
  }
  ~OpenSocket();
  int descriptor() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }
  const std::string& peer() const { return peer_; }  // "10.0.0.2:7420"; of a Unix socket "uid 1000"
  std::string source() const;                        // the peer without its port: whom budgets are kept for
  // The name that it was called by: where sides prove who they are, the other one must prove to be this.
  const std::string& called() const { return called_; }
  void expect_to_be(std::string name) { called_ = std::move(name); }

 private:
  int descriptor_;
  std::string peer_, called_;
};

// TCP sockets use cubic, which the simulator models, from before the handshake on: a socket that some
// kernels' default, bbr, has begun stays paced.

// Throws Error naming the endpoint and the reason when nobody answers within `patience`.
OpenSocket connect(const Endpoint&, Nanos patience = std::chrono::seconds(10));

// A Unix socket is made with mode 0600, and removed at the end.
class Listener {
 public:
  explicit Listener(const Endpoint&);  // port 0 takes a free one. Throws Error
  Listener(Listener&&) noexcept;
  ~Listener();
  const Endpoint& address() const { return here_; }
  int descriptor() const { return descriptor_; }  // readable when somebody calls
  // Without a limit: waits as long as it takes. Empty when nobody called, or who did has left again. Throws
  // Error when the system cannot take anybody (out of descriptors, say).
  std::optional<OpenSocket> accept(std::optional<Nanos> within = {});

 private:
  Endpoint here_;
  int descriptor_;
};

}  // namespace splitwan::engine
