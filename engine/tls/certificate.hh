// A certificate as people read it.
#pragma once

#include <optional>
#include <vector>

#include "engine/tls/handles.hh"

namespace splitwan::engine {

class Certificate {
 public:
  explicit Certificate(X509*);                                                  // shares it
  static Certificate of_pem(const std::string& pem, const std::string& where);  // throws Error beginning so
  static Certificate read(const std::string& path);

  std::string name() const;                    // common name; on one line, as all texts here
  std::string issuer() const;                  // likewise
  std::vector<std::string> names() const;      // host names and IP addresses that it is for
  bool is_for(const std::string& host) const;  // a name or an address
  std::string begins() const;                  // "2026-11-30 06:55 UTC"
  std::string ends() const;
  bool operator==(const Certificate&) const;
  X509* get() const { return x509_.get(); }

 private:
  X509Handle x509_;
};

bool is_ip_address(const std::string&);

}  // namespace splitwan::engine
