#include "engine/tls/complaints.hh"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include "engine/base/error.hh"
#include "engine/net/adopted_socket.hh"
#include "engine/tls/certificate.hh"

namespace splitwan::engine {
namespace {

std::string_view peer_of(Side we_are) { return we_are == Side::caller ? "server" : "client"; }
std::string_view side_of(Side we_are) { return we_are == Side::caller ? "client" : "server"; }

// The other side said so before it ended the connection.
std::string of_alert(int alert, Side we_are) {
  const auto refused = [&](std::string_view why) {
    return fmt::format("the {} refuses this {}'s certificate: {}", peer_of(we_are), side_of(we_are), why);
  };
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
      return refused(we_are == Side::called ? "it is not for the name that was called" : "it is damaged");
    case SSL_AD_CERTIFICATE_REVOKED:
      return refused("it is not, or no longer, among those let in");
    case SSL_AD_CERTIFICATE_EXPIRED:
      return refused("by its clock it has expired, or is not valid yet");
    case SSL_AD_UNKNOWN_CA:
      return refused("it is of another CA than the one trusted there");
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
      return refused(fmt::format("it is not made for a {}", side_of(we_are)));
    case SSL_AD_CERTIFICATE_REQUIRED:
      return fmt::format("the {} expects a certificate of its clients, and none was shown", peer_of(we_are));
    case SSL_AD_PROTOCOL_VERSION:
      return fmt::format("the {} does not speak TLS 1.3", peer_of(we_are));
    default:
      return fmt::format("the {} ended the connection: {}", peer_of(we_are),
                         SSL_alert_desc_string_long(alert));
  }
}

// What OpenSSL found itself.
std::string of_reason(unsigned long error, Side we_are, bool opened) {
  switch (ERR_GET_REASON(error)) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "the client showed no certificate: expected one of those let in";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_WRONG_SSL_VERSION:
      return fmt::format("the {} speaks TLS 1.2 or older: expected TLS 1.3", peer_of(we_are));
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
      return "what came was altered on the way";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      if (!opened) return fmt::format("the {} {}", peer_of(we_are), speaks_no_tls);
      return "what came was altered on the way";
    default:
      break;
  }
  const char* reason = ERR_reason_error_string(error);
  return fmt::format("the {} broke TLS's rules: {}", peer_of(we_are), reason ? reason : "no reason known");
}

}  // namespace

std::string complaint(const X509_STORE_CTX* context, const CertificateCheck& check) {
  const int error = X509_STORE_CTX_get_error(context);
  X509* const shown = X509_STORE_CTX_get0_cert(context);
  if (!shown) return X509_verify_cert_error_string(error);
  const Certificate leaf(shown);
  const std::string whose = fmt::format("the {}'s certificate, '{}',", peer_of(check.we_are), leaf.name());
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return fmt::format("{} is of '{}': expected one of the CA trusted here, '{}'", whose, leaf.issuer(),
                         check.trusted);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("{} has expired: it ended {}", whose, leaf.ends());
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("{} is not valid yet: it begins {}, by this machine's clock later than now", whose,
                         leaf.begins());
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("{} is for {}: expected '{}'", whose,
                         leaf.names().empty() ? "no host" : fmt::format("{}", fmt::join(leaf.names(), ", ")),
                         check.expected);
    case X509_V_ERR_CERT_REVOKED:
      return fmt::format("{} is not, or no longer, among those in {}", whose, check.clients);
    case X509_V_ERR_INVALID_PURPOSE:
      return fmt::format("{} is not made for a {}", whose, peer_of(check.we_are));
    default:
      return fmt::format("{} is refused: {}", whose, X509_verify_cert_error_string(error));
  }
}

std::string complaint(const boost::system::error_code& error, Side we_are, bool opened,
                      const std::string& certificate) {
  namespace asio = boost::asio;
  if (error == asio::ssl::error::stream_truncated || error == asio::error::eof ||
      error == asio::error::connection_reset || error == asio::error::broken_pipe) {
    if (opened) return error == asio::error::connection_reset ? error.message() : "closed by the peer";
    return fmt::format("TLS: closed by the {} before the handshake was over: does it speak TLS?",
                       peer_of(we_are));
  }
  if (error.category() != asio::error::get_ssl_category()) return reason_of(error);
  const auto code = static_cast<unsigned long>(static_cast<unsigned>(error.value()));
  const int reason = ERR_GET_REASON(code);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && !certificate.empty()) return "TLS: " + certificate;
  if (reason >= SSL_AD_REASON_OFFSET) return "TLS: " + of_alert(reason - SSL_AD_REASON_OFFSET, we_are);
  return "TLS: " + of_reason(code, we_are, opened);
}

}  // namespace splitwan::engine
