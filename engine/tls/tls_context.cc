#include "engine/tls/tls_context.hh"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <filesystem>

#include "engine/base/error.hh"
#include "engine/tls/certificate.hh"
#include "engine/tls/private_file.hh"

namespace splitwan::engine {
namespace {

namespace ssl = boost::asio::ssl;

void allow_tls_1_3_alone(SSL_CTX* ctx) {
  expect(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1, "TLS 1.3");
  expect(SSL_CTX_set1_groups_list(ctx, "X25519:P-256") == 1, "key exchange");
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  // Nothing to resume, so that nothing outlives a certificate's removal; nothing early, as it could be
  // replayed.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx, 0);
  SSL_CTX_set_max_early_data(ctx, 0);
}

void use_own_certificate(SSL_CTX* ctx, const std::string& folder) {
  const std::string certificate = folder + "/cert.pem", key_file = folder + "/key.pem";
  if (SSL_CTX_use_certificate_chain_file(ctx, certificate.c_str()) != 1)
    throw Error("{}: cannot be used: {}", certificate, openssl_reason());
  const std::string text = read_private_file(key_file);
  const BioHandle bio = bio_of(text);
  const KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, const_cast<char*>("")));
  if (!key) throw Error("{}: holds no private key without a password: {}", key_file, openssl_reason());
  if (SSL_CTX_use_PrivateKey(ctx, key.get()) != 1)
    throw Error("{}: is not the key of {}: {}", key_file, certificate, openssl_reason());
}

}  // namespace

bool asks_for_certificates(const std::string& folder) {
  return std::filesystem::is_directory(folder + "/clients");
}

TlsContext::TlsContext(const TlsTerms& terms, Side side)
    : side(side),
      name(terms.name),
      clients(side == Side::called && asks_for_certificates(terms.folder) ? terms.folder + "/clients" : ""),
      rekey_bytes(terms.rekey_bytes),
      context(side == Side::caller ? ssl::context::tls_client : ssl::context::tls_server) {
  if (!std::filesystem::is_directory(terms.folder))
    throw Error("{}: no such folder: expected one as `splitwan serve --init-tls` makes them", terms.folder);
  std::error_code unreadable;
  if (!clients.empty()) std::filesystem::directory_iterator(clients, unreadable);
  if (unreadable) throw Error("{}: cannot be read: {}", clients, unreadable.message());
  SSL_CTX* const ctx = context.native_handle();
  allow_tls_1_3_alone(ctx);
  const std::string authority = terms.folder + "/ca.pem";
  if (side == Side::caller || !clients.empty()) {
    trusted = Certificate::read(authority).name();
    if (SSL_CTX_load_verify_locations(ctx, authority.c_str(), nullptr) != 1)
      throw Error("{}: cannot be used: {}", authority, openssl_reason());
  }
  if (side == Side::called || std::filesystem::exists(terms.folder + "/cert.pem"))
    use_own_certificate(ctx, terms.folder);
  const bool verifies = side == Side::caller || !clients.empty();
  SSL_CTX_set_verify(ctx, verifies ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE,
                     nullptr);
  if (!clients.empty()) SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(authority.c_str()));
}

}  // namespace splitwan::engine
