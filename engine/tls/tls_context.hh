// What all of a program's TLS connections share: keys, whom they trust, what they agree to.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "engine/tls/tls_stream.hh"

namespace splitwan::engine {

struct TlsContext {
  TlsContext(const TlsTerms&, Side);

  const Side side;
  const std::string name;     // that the one called must prove; "" = as it is called
  const std::string clients;  // folder of those let in; "" = anybody
  const std::uint64_t rekey_bytes;
  std::string trusted;  // the authority's name
  boost::asio::ssl::context context;
};

}  // namespace splitwan::engine
