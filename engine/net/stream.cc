#include "engine/net/stream.hh"

#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio.hpp>

#include "engine/base/error.hh"
#include "engine/net/sockets.hh"

namespace splitwan::engine {
namespace {

namespace asio = boost::asio;

void configure(tcp::socket& socket) {
  socket.set_option(tcp::no_delay(true));
  socket.set_option(asio::socket_base::keep_alive(true));
  // A peer that vanished without a word is noticed within about half a minute.
  const auto set = [&](int option, int value) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  };
  set(TCP_KEEPIDLE, 10);
  set(TCP_KEEPINTVL, 5);
  set(TCP_KEEPCNT, 4);
  set(TCP_USER_TIMEOUT, 30'000);
}

class TcpStream : public Stream {
 public:
  explicit TcpStream(tcp::socket socket) : socket_(std::move(socket)) {
    configure(socket_);
    boost::system::error_code gone;
    const auto remote = socket_.remote_endpoint(gone);
    if (!gone) peer_ = fmt::format("{}:{}", remote.address().to_string(), remote.port());
  }

  std::size_t read_some(std::span<std::byte> first, std::span<std::byte> second) override {
    boost::system::error_code error;
    const std::array<asio::mutable_buffer, 2> into{asio::buffer(first.data(), first.size()),
                                                   asio::buffer(second.data(), second.size())};
    const std::size_t bytes = socket_.read_some(into, error);
    if (error == asio::error::eof) throw Error("closed by the peer");
    if (error) throw Error("{}", error.message());
    return bytes;
  }

  std::size_t write_some(std::span<const std::byte> bytes) override {
    boost::system::error_code error;
    const std::size_t taken = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error) throw Error("{}", error.message());
    return taken;
  }

  void end_writing() override { shut(tcp::socket::shutdown_send); }
  void cancel() override { shut(tcp::socket::shutdown_both); }
  TcpInfo info() override { return tcp_info_of(socket_.native_handle()); }
  std::string peer() const override { return peer_; }

 private:
  void shut(tcp::socket::shutdown_type what) {
    boost::system::error_code ignored;
    socket_.shutdown(what, ignored);
  }

  tcp::socket socket_;
  std::string peer_ = "a peer that has left";
};

}  // namespace

void read_all(Stream& stream, std::span<std::byte> first, std::span<std::byte> second) {
  while (!first.empty() || !second.empty()) {
    const std::size_t bytes = stream.read_some(first, second), here = std::min(bytes, first.size());
    first = first.subspan(here);
    second = second.subspan(bytes - here);
  }
}

void write_all(Stream& stream, std::span<const std::byte> bytes) {
  while (!bytes.empty()) bytes = bytes.subspan(stream.write_some(bytes));
}

std::unique_ptr<Stream> make_tcp_stream(tcp::socket socket) {
  return std::make_unique<TcpStream>(std::move(socket));
}

}  // namespace splitwan::engine
