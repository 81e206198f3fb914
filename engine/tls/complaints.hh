// Why a TLS connection did not come about, or ended: one line that a person can act on.
#pragma once

#include <boost/system/error_code.hpp>
#include <string>

#include "engine/net/stream.hh"

typedef struct x509_store_ctx_st X509_STORE_CTX;

namespace splitwan::engine {

// Of the other side's certificate, which did not verify.
struct CertificateCheck {
  Side we_are = Side::caller;
  std::string expected;  // the name called; "" as the one called
  std::string trusted;   // our authority's name
  std::string clients;   // the folder of those let in, as the one called
};
std::string complaint(const X509_STORE_CTX*, const CertificateCheck&);

// `certificate`: the complaint of the former, if there was one. `opened`: the handshake is over.
std::string complaint(const boost::system::error_code&, Side we_are, bool opened,
                      const std::string& certificate);

constexpr const char* speaks_no_tls = "does not speak TLS, and this side speaks nothing else";

}  // namespace splitwan::engine
