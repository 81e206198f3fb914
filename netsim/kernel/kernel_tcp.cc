#include "netsim/kernel/kernel_tcp.hh"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/error.hh"

namespace splitwan::netsim {

using engine::Error;

namespace {

struct Request {
  std::uint32_t bytes, answer;  // this header included; answer 0 ends the service
};

[[noreturn]] void fail(const char* what) {
  throw Error("link: kernel TCP: {}: {}", what, errno == 0 ? "closed by the peer" : std::strerror(errno));
}

// Before the connection stands: one that began under bbr stays paced by the kernel whatever is chosen later.
void configure(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) != 0) fail("cubic cannot be chosen");
  const timeval patience{60, 0};  // a lost link is an error, not a hang
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

sockaddr_in address_of(const std::string& address, std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &in.sin_addr) != 1)
    throw Error("link: address '{}': expected IPv4 as in 10.77.0.2", address);
  return in;
}

void send_all(int socket, const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t sent = send(socket, data, bytes, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) fail("sending");
    data += sent;
    bytes -= static_cast<std::size_t>(sent);
  }
}

// False when the peer closed before the first byte.
bool receive_all(int socket, char* data, std::size_t bytes) {
  for (std::size_t have = 0; have < bytes;) {
    const ssize_t got = recv(socket, data + have, bytes - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 && have == 0) return false;
    if (got == 0) errno = 0;
    if (got <= 0) fail("receiving");
    have += static_cast<std::size_t>(got);
  }
  return true;
}

// False when the client asks for the end.
bool serve_client(int socket) {
  std::vector<char> buffer(1 << 20);
  Request request;
  while (receive_all(socket, reinterpret_cast<char*>(&request), sizeof request)) {
    if (request.answer == 0) return false;
    for (std::size_t left = request.bytes - sizeof request; left > 0;) {
      const std::size_t part = std::min(left, buffer.size());
      receive_all(socket, buffer.data(), part);
      left -= part;
    }
    send_all(socket, buffer.data(), request.answer);
  }
  return true;
}

tcp_info info_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) fail("asking for its window");
  return info;
}

}  // namespace

KernelListener::KernelListener(const std::string& address)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in in = address_of(address, 0);
  socklen_t size = sizeof in;
  const auto generic = reinterpret_cast<sockaddr*>(&in);
  if (!socket_) fail("listening");
  configure(socket_.get());  // accepted connections have it from here
  if (bind(socket_.get(), generic, size) != 0 || listen(socket_.get(), 8) != 0 ||
      getsockname(socket_.get(), generic, &size) != 0)
    fail("listening");
  port_ = ntohs(in.sin_port);
}

void KernelListener::serve() {
  for (;;) {
    const File client(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client && errno == EINTR) continue;
    if (!client) fail("accepting");
    if (!serve_client(client.get())) return;
  }
}

KernelConnection::KernelConnection(const std::string& address, std::uint16_t port)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), buffer_(1 << 20) {
  const sockaddr_in in = address_of(address, port);
  if (!socket_) fail("connecting");
  configure(socket_.get());
  if (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&in), sizeof in) != 0) fail("connecting");
}

LinkTime KernelConnection::exchange(std::uint32_t bytes, std::uint32_t answer) {
  const Request request{bytes, answer};
  buffer_.resize(std::max<std::size_t>({buffer_.size(), bytes, answer}));
  std::memcpy(buffer_.data(), &request, sizeof request);
  const auto start = std::chrono::steady_clock::now();
  send_all(socket_.get(), buffer_.data(), bytes);
  window_at_start_ = window();
  if (!receive_all(socket_.get(), buffer_.data(), answer)) fail("waiting for the answer");
  return std::chrono::steady_clock::now() - start;
}

std::uint32_t KernelConnection::window() const { return info_of(socket_.get()).tcpi_snd_cwnd; }

LinkTime KernelConnection::timeout() const {
  return std::chrono::microseconds(info_of(socket_.get()).tcpi_rto);
}

void KernelConnection::end_service() {
  const Request request{sizeof request, 0};
  send_all(socket_.get(), reinterpret_cast<const char*>(&request), sizeof request);
}

}  // namespace splitwan::netsim
