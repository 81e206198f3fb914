#include "engine/tls/tls_stream.hh"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>

#include "engine/base/error.hh"
#include "engine/base/plain_text.hh"
#include "engine/net/adopted_socket.hh"
#include "engine/tls/allowed_clients.hh"
#include "engine/tls/complaints.hh"
#include "engine/tls/metered_socket.hh"
#include "engine/tls/tls_context.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::engine {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr std::size_t most_quoted = 100;
constexpr unsigned char handshake_record = 22;       // RFC 8446, 5.1
constexpr auto last_look = std::chrono::seconds(2);  // for a refused peer to read why

Bytes plain_refusal() {
  return encode(text_message(Kind::error, "this server speaks TLS only: expected --tls FOLDER"));
}

class TlsStream : public Stream {
 public:
  TlsStream(asio::any_io_executor executor, OpenSocket socket, std::shared_ptr<TlsContext> shared)
      : shared_(std::move(shared)),
        peer_(socket.peer()),
        expected_(shared_->side == Side::called ? ""
                  : shared_->name.empty()       ? socket.called()
                                                : shared_->name),
        stream_(MeteredSocket(adopt(executor, std::move(socket))), shared_->context),
        timer_(executor) {
    stream_.set_verify_callback([this](bool fine, asio::ssl::verify_context& c) noexcept {
      try {
        return verified(fine, c.native_handle());
      } catch (const std::exception&) {  // OpenSSL, which calls this, is no place for it to pass through
        X509_STORE_CTX_set_error(c.native_handle(), X509_V_ERR_OUT_OF_MEM);
        return false;
      }
    });
  }

  asio::any_io_executor executor() override { return raw().get_executor(); }

  void open(Ready done) override {
    if (shared_->side == Side::called) return look(std::move(done));
    if (expected_.empty()) {
      asio::post(executor(), [done = std::move(done)] {
        done("TLS: no name is known that the server must prove: expected --tls-name NAME");
      });
      return;
    }
    if (!expect_name()) {  // OpenSSL would then check none
      asio::post(executor(), [done = std::move(done), name = one_line(expected_, most_quoted)] {
        done(fmt::format("TLS: '{}' cannot be the name that the server must prove", name));
      });
      return;
    }
    shake(std::move(done));
  }

  void read_some(asio::mutable_buffer into, Moved done) override {
    reading_ = true;
    meter().begin();
    stream_.async_read_some(into, [this, done = std::move(done)](const ErrorCode& error, std::size_t bytes) {
      meter().end();
      reading_ = false;
      done(why(error), bytes);
      if (!reading_ && failed_write_) std::exchange(failed_write_, nullptr)();
    });
  }

  void write_some(asio::const_buffer bytes, Moved done) override {
    if (written_ > shared_->rekey_bytes && SSL_key_update(ssl(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1)
      written_ = 0;
    writing_ = true;
    meter().begin();
    stream_.async_write_some(bytes,
                             [this, done = std::move(done)](const ErrorCode& error, std::size_t moved) {
                               meter().end();
                               writing_ = false;
                               written_ += moved;
                               // What can still be read may say why nothing can be written: a refused
                               // certificate is known only now.
                               if (error && reading_)
                                 failed_write_ = [done, reason = why(error), moved] { done(reason, moved); };
                               else
                                 done(why(error), moved);
                             });
  }

  void end_writing() override {
    say_goodbye();
    shut(asio::socket_base::shutdown_send);
  }

  void cancel() override {
    say_goodbye();
    timer_.cancel();
    shut(asio::socket_base::shutdown_both);
    ErrorCode ignored;
    raw().close(ignored);
    if (failed_write_) asio::post(executor(), std::exchange(failed_write_, nullptr));
  }

  TcpInfo info() override {
    TcpInfo info = tcp_info_of(raw().native_handle());
    info.tls = meter().spent();
    return info;
  }
  const std::string& peer() const override { return peer_; }
  std::string protection() const override {
    return certificate_ ? fmt::format("TLS 1.3, peer {}", certificate_->name()) : "TLS 1.3";
  }
  bool may_be(const std::string& name) const override { return certificate_ && certificate_->is_for(name); }

 private:
  using Tls = asio::ssl::stream<MeteredSocket>;
  MeteredSocket& meter() { return stream_.next_layer(); }
  MeteredSocket::Socket& raw() { return stream_.lowest_layer(); }
  SSL* ssl() { return stream_.native_handle(); }
  std::string why(const ErrorCode& error) const {
    return error ? complaint(error, shared_->side, opened_, complaint_) : "";
  }

  bool expect_name() {
    X509_VERIFY_PARAM* const terms = SSL_get0_param(ssl());
    if (is_ip_address(expected_)) return X509_VERIFY_PARAM_set1_ip_asc(terms, expected_.c_str()) == 1;
    X509_VERIFY_PARAM_set_hostflags(terms,
                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(terms, expected_.data(), expected_.size()) == 1 &&
           SSL_set_tlsext_host_name(ssl(), expected_.c_str()) == 1;
  }

  // For each certificate of the chain, the authority's first.
  bool verified(bool fine, X509_STORE_CTX* chain) {
    if (fine && X509_STORE_CTX_get_error_depth(chain) == 0) {
      certificate_.emplace(X509_STORE_CTX_get_current_cert(chain));
      if (shared_->clients.empty() || holds_certificate(shared_->clients, *certificate_)) return true;
      X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REVOKED);
      fine = false;
    }
    if (fine) return true;
    complaint_ = complaint(chain, {shared_->side, expected_, shared_->trusted, shared_->clients});
    // TLS has no alert for this one: the nearest tells the other side more than "bad certificate".
    if (X509_STORE_CTX_get_error(chain) == X509_V_ERR_CERT_NOT_YET_VALID)
      X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_HAS_EXPIRED);
    return false;
  }

  // Whether the caller speaks TLS at all shows in its first byte.
  void look(Ready done) {
    raw().async_wait(asio::socket_base::wait_read, [this, done = std::move(done)](const ErrorCode& error) {
      if (error) return done(reason_of(error));
      std::array<std::byte, 4> first{};
      const ssize_t bytes =
          ::recv(raw().native_handle(), first.data(), first.size(), MSG_PEEK | MSG_DONTWAIT);
      if (bytes <= 0) return done(bytes == 0 ? "closed by the peer" : std::strerror(errno));
      if (std::to_integer<unsigned char>(first[0]) == handshake_record) return shake(done);
      const Bytes answer = plain_refusal();
      if (bytes == 4 && std::equal(first.begin(), first.end(), answer.begin()))
        ::send(raw().native_handle(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      part(fmt::format("the client {}", speaks_no_tls), done);
    });
  }

  void shake(Ready done) {
    meter().begin();
    stream_.async_handshake(shared_->side == Side::caller ? Tls::client : Tls::server,
                            [this, done = std::move(done)](const ErrorCode& error) {
                              meter().end();
                              const std::string reason = why(error);
                              opened_ = !error;
                              if (!error || shared_->side == Side::caller) return done(reason);
                              part(reason, done);
                            });
  }

  // The peer is told why by then. Closing with unread bytes would reset the connection, and the reset
  // overtake the reason: what still comes is thrown away, for a while.
  void part(const std::string& reason, Ready done) {
    shut(asio::socket_base::shutdown_send);
    const auto shared =
        std::make_shared<Ready>([done = std::move(done), reason](const auto&) { done(reason); });
    timer_.expires_after(last_look);
    timer_.async_wait([this, shared](const ErrorCode& error) {
      ErrorCode ignored;
      if (!error) raw().cancel(ignored);
    });
    throw_away(shared);
  }
  void throw_away(std::shared_ptr<Ready> done) {
    raw().async_read_some(asio::buffer(unwanted_),
                          [this, done = std::move(done)](const ErrorCode& error, std::size_t) mutable {
                            if (!error) return throw_away(std::move(done));
                            timer_.cancel();
                            (*done)("");
                          });
  }

  // close_notify (RFC 8446, 6.1): as far as the system takes it at once. Not into the middle of a record.
  void say_goodbye() {
    if (!opened_ || writing_ || std::exchange(said_goodbye_, true)) return;
    BIO* const out = BIO_new(BIO_s_mem());
    if (!out) return;
    SSL_set0_wbio(ssl(), out);
    SSL_shutdown(ssl());
    const char* record = nullptr;
    const auto size = BIO_get_mem_data(out, &record);
    if (size > 0)
      ::send(raw().native_handle(), record, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  void shut(asio::socket_base::shutdown_type what) {
    ErrorCode ignored;
    raw().shutdown(what, ignored);
  }

  const std::shared_ptr<TlsContext> shared_;
  const std::string peer_, expected_;
  Tls stream_;
  asio::steady_timer timer_;
  std::optional<Certificate> certificate_;  // that the peer has shown, and that is fine
  std::string complaint_;                   // about the one that is not
  std::array<std::byte, 4096> unwanted_;
  std::function<void()> failed_write_;
  std::uint64_t written_ = 0;  // under the present key
  bool opened_ = false, reading_ = false, writing_ = false, said_goodbye_ = false;
};

}  // namespace

MakeStream tls_streams(const TlsTerms& terms) {
  std::shared_ptr<TlsContext> caller, called;
  if (terms.sides != TlsSides::called) caller = std::make_shared<TlsContext>(terms, Side::caller);
  if (terms.sides != TlsSides::caller) called = std::make_shared<TlsContext>(terms, Side::called);
  return [caller, called](asio::any_io_executor executor, OpenSocket socket, Side side) {
    const auto& shared = side == Side::caller ? caller : called;
    if (!shared) throw Error("TLS: this program {} nobody", side == Side::caller ? "calls" : "answers");
    return std::unique_ptr<Stream>(
        std::make_unique<TlsStream>(std::move(executor), std::move(socket), shared));
  };
}

}  // namespace splitwan::engine
