// TLS 1.3 over any connected socket, for both sides. A handshake is one round trip; nothing is sent early and
// no session is kept, so that every connection proves anew who is there.
#pragma once

#include "engine/net/stream.hh"

namespace splitwan::engine {

enum class TlsSides : std::uint8_t { caller, called, both };

struct TlsTerms {
  // ca.pem: whom it trusts. cert.pem, key.pem: who it is; a caller may be without. clients/: whom one that is
  // called lets in; without such a folder it asks nobody for a certificate.
  std::string folder;
  std::string name = {};  // that the one called must prove; "" = the name that it was called by
  TlsSides sides = TlsSides::both;
  std::uint64_t rekey_bytes = std::uint64_t{64} << 30;  // then new keys: far below what AES-GCM bears
};

// Reads the files. Throws Error naming the one that is missing, malformed or readable by others.
MakeStream tls_streams(const TlsTerms&);

bool asks_for_certificates(const std::string& folder);  // of its clients

}  // namespace splitwan::engine
