#include "engine/net/stream.hh"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include "engine/net/adopted_socket.hh"
#include "engine/net/faults.hh"

namespace splitwan::engine {
namespace {

namespace asio = boost::asio;

class PlainStream : public Stream {
 public:
  PlainStream(asio::any_io_executor executor, OpenSocket socket)
      : peer_(socket.peer()), socket_(adopt(executor, std::move(socket))) {}

  asio::any_io_executor executor() override { return socket_.get_executor(); }
  void open(Ready done) override {
    asio::post(executor(), [done = std::move(done)] { done(""); });
  }
  void read_some(asio::mutable_buffer into, Moved done) override {
    if (fails(Fault::read)) return refuse(std::move(done));
    socket_.async_read_some(into, told(std::move(done)));
  }
  void write_some(asio::const_buffer bytes, Moved done) override {
    if (fails(Fault::write)) return refuse(std::move(done));
    socket_.async_write_some(bytes, told(std::move(done)));
  }
  void end_writing() override {
    boost::system::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  }
  void cancel() override {
    boost::system::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_both, ignored);
    socket_.close(ignored);
  }
  TcpInfo info() override { return tcp_info_of(socket_.native_handle()); }
  const std::string& peer() const override { return peer_; }
  std::string protection() const override { return peer_.starts_with("uid ") ? "Unix socket" : "none"; }

 private:
  void refuse(Moved done) {
    asio::post(executor(), [done = std::move(done)] { done("refused on order", 0); });
  }

  std::string peer_;
  asio::generic::stream_protocol::socket socket_;
};

}  // namespace

std::string reason_of(const boost::system::error_code& error) {
  if (!error) return "";
  return error == asio::error::eof ? "closed by the peer" : error.message();
}

std::unique_ptr<Stream> make_plain_stream(asio::any_io_executor executor, OpenSocket socket, Side) {
  return std::make_unique<PlainStream>(std::move(executor), std::move(socket));
}

}  // namespace splitwan::engine
