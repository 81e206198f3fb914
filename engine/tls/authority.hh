// A small certificate authority: its certificate, its key, and what it issues (ECDSA over P-256).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "engine/tls/certificate.hh"

namespace splitwan::engine {

struct Validity {
  std::chrono::system_clock::time_point begins, ends;
  // From an hour ago, for clocks that go wrong a little.
  static Validity of_days(int days);
};

struct IssuedTerms {
  std::string name;                    // common name
  std::vector<std::string> names;      // of a server: host names and IP addresses
  bool serves = false, calls = false;  // what it may be used for
  Validity valid;
};

struct Issued {
  std::string certificate, key;  // PEM
};

class Authority {
 public:
  static Authority create(Validity);  // with a name of its own: "splitwan CA 1a2b3c4d"
  // Throws Error where the two do not belong together.
  static Authority read(const std::string& certificate_file, const std::string& key_file);

  Issued issue(const IssuedTerms&) const;
  const Certificate& certificate() const { return certificate_; }
  Issued own() const;

 private:
  Authority(Certificate certificate, KeyHandle key)
      : certificate_(std::move(certificate)), key_(std::move(key)) {}
  Certificate certificate_;
  KeyHandle key_;
};

}  // namespace splitwan::engine
